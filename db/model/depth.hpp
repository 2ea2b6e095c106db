#pragma once

#include <chrono>
#include <optional>

#include "db/model/work.hpp"

namespace sluice::db {

/// What is to be counted, and how far.
struct depth_request {
  /// Every count stops here.
  long limit = 1;
  /// None: stuck items are not looked for.
  std::optional<stuck_rule> stuck{};
};

/// A look for stuck items reads the items themselves, not an index.
inline constexpr long depth_looks_for_stuck = 10'000;

/// How full the queue is. Counting stops at the limit that the caller gave,
/// so that a long queue costs no more than a short one.
struct queue_depth {
  long pending = 0;
  long processing = 0;
  long quarantined = 0;
  /// Of those that are processing, what a rescue would take now.
  long stuck = 0;
  /// False when any of the counts stopped at the limit.
  bool exact = true;
  /// Age of the oldest item that could be claimed now.
  std::optional<std::chrono::microseconds> oldest_pending;
};

} // namespace sluice::db
