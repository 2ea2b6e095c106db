#pragma once

#include <string>

/// What a program that uses the actor network for a while begins and ends with.
namespace sluice::tools {

/// What is wrong with an address that has to be a host, a colon and a port:
/// `127.0.0.1:4001`, `[::1]:4001`; empty: nothing.
std::string address_fault(const std::string &text);

/// Where a service that listens on all addresses is reached from here.
std::string reachable_address(const std::string &listen);

/// A reader of our output that goes away is seen by the stream, not by a
/// signal.
void outlive_readers();

/// Leaves without waiting for the network's threads: one of them may hang, and
/// nothing is lost with them.
[[noreturn]] void leave(int exit_code);

} // namespace sluice::tools
