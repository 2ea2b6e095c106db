#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "actors/admin/identity.hpp"

namespace sluice::actors {

/// What came of a try to speak to an admin port.
struct probe_result {
  enum class verdict : std::uint8_t {
    /// It has accepted our certificate, and we its.
    welcome,
    /// Nothing that speaks TLS was reached in time.
    unreachable,
    /// One side does not accept the other's certificate.
    unauthorised,
  };
  verdict what = verdict::welcome;
  /// Unless it is welcome: why, for operators.
  std::string text{};
};

/// Connects, shows the certificate, and hangs up once the other side has said
/// something. The actor network tells none of the reasons, and waits longer.
/// Takes `limit` at the most, apart from the look-up of a name.
probe_result probe_admin_port(const std::string &host, std::uint16_t port,
                              const identity &own,
                              std::chrono::milliseconds limit);

} // namespace sluice::actors
