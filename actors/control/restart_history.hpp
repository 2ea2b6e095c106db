#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>

namespace sluice::actors {

/// When parts of the service were started again. Thread-safe.
class restart_history {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Times must not go back.
  void note(time_point now);

  std::uint64_t total() const;
  std::uint64_t within_last_hour(time_point now) const;

private:
  mutable std::mutex mutex_;
  std::uint64_t total_ = 0;
  /// Those of the hour before the last one.
  std::deque<time_point> recent_;
};

} // namespace sluice::actors
