#pragma once

#include <string>

/// What a program that uses the actor network for a while begins and ends with.
namespace sluice::tools {

/// Where a service that listens on all addresses is reached from here.
std::string reachable_address(const std::string &listen);

/// A reader of our output that goes away is seen by the stream, not by a
/// signal.
void outlive_readers();

/// Leaves without waiting for the network's threads: one of them may hang, and
/// nothing is lost with them.
[[noreturn]] void leave(int exit_code);

} // namespace sluice::tools
