#pragma once

#include <chrono>
#include <string>

#include <caf/all.hpp>

#include "actors/admin/memory_file.hpp"

/// For those few sources that open the actor network.
namespace sluice::actors {

/// An actor system that can be reached, or can reach others, over mutual TLS
/// and no other way. The files have to outlive the system.
class network_config : public caf::actor_system_config {
public:
  /// A connection that is being made is given up at the first heartbeat, if
  /// nothing was heard on it before: CAF takes it for one that has been silent
  /// for ever. The other end hangs up after ten seconds without a heartbeat.
  explicit network_config(
      const identity_files &own,
      std::chrono::milliseconds heartbeat = std::chrono::seconds(1));
};

/// `host` and `port` of `[::1]:4001`.
struct network_address {
  std::string host;
  std::uint16_t port = 0;
};

/// Of a text that was checked (`config::check_address`).
network_address to_network_address(const std::string &text);

} // namespace sluice::actors
