#pragma once

#include <cstdint>

#include "actors/admin/console_line.hpp"

namespace sluice::tools {

/// How `sluice ctl` ends.
enum class ctl_exit : std::uint8_t {
  done = 0,
  /// The service refused, or what was asked for was not reached.
  refused = 1,
  usage = 2,
  cannot_connect = 3,
  unauthorised = 4,
  /// The time was over; what was left is in the text.
  timed_out = 5,
};

/// Of an answer with this status of HTTP.
ctl_exit exit_of_status(int status);

/// Of a line that failed.
ctl_exit exit_of(actors::line_failure::kind what);

} // namespace sluice::tools
