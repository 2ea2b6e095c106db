#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "actors/counters.hpp"
#include "actors/gateway.hpp"

namespace sluice::actors {

/// Decides whether the queue is too long for more events. It closes at the
/// greatest depth and opens again a tenth below, so that it does not flap.
/// Between two samples of the depth this node's own counters tell how it
/// changed. Thread-safe.
class fullness {
public:
  explicit fullness(long greatest_depth) : greatest_(greatest_depth) {}

  /// Nothing while there is room; else the time that the queue will take to
  /// get there at the rate at which it is emptied now, between 1 s and a
  /// minute. `sample` is the last one as it was taken.
  std::optional<std::chrono::seconds> wait(const health_sample &sample,
                                           const counters &now);

private:
  const long greatest_;
  std::atomic<bool> is_full_{false};
};

} // namespace sluice::actors
