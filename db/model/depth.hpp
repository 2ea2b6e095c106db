#pragma once

#include <chrono>
#include <optional>

namespace sluice::db {

/// How full the queue is. Counting stops at the limit that the caller gave,
/// so that a long queue costs no more than a short one.
struct queue_depth {
  long pending = 0;
  long processing = 0;
  long quarantined = 0;
  /// False when any of the three stopped at the limit.
  bool exact = true;
  /// Age of the oldest item that could be claimed now.
  std::optional<std::chrono::microseconds> oldest_pending;
};

} // namespace sluice::db
