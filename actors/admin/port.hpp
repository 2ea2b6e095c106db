#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "actors/admin_orders.hpp"

namespace sluice::actors {

struct admin_port_options {
  /// `host:port`; port 0 takes a free one.
  std::string listen;
  /// Of the certificates; made when there is none.
  std::filesystem::path folder;
  std::string version;
  /// The node's name, as consoles show it.
  std::string node;
  admin_orders orders;
  /// How long an order may take.
  std::chrono::milliseconds deadline{15'000};
};

/// The port at which operators' consoles are served: the admin actor,
/// published over the actor network, with mutual TLS. It has a thread and an
/// actor system of its own, below the service's priority: nothing else can be
/// reached through it, and nothing that happens at it is waited for elsewhere.
/// The header shows no CAF.
class admin_port {
public:
  /// Returns at once. The port opens when its certificates are good, and is
  /// tried again and again when its address can't be had; the log says so.
  explicit admin_port(admin_port_options options);
  /// As `stop`.
  ~admin_port();
  admin_port(const admin_port &) = delete;
  admin_port &operator=(const admin_port &) = delete;

  /// Closes the port. Returns when the orders that were begun have ended.
  void stop();

  /// The port that is open; 0 while there is none. From any thread.
  int number() const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::actors
