#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "actors/backoff.hpp"

namespace sluice::actors {

/// How much crashing is borne, and how a child comes back.
struct restart_limits {
  /// One more restart than this within `window` escalates.
  int max_restarts = 5;
  std::chrono::milliseconds window{60'000};
  std::chrono::milliseconds first_delay{100};
  std::chrono::milliseconds longest_delay{10'000};
};

/// Decides what a crash of one child leads to. Pure but for the jitter.
class restart_policy {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit restart_policy(restart_limits limits = {});

  /// The wait before the child is started again; nothing: escalate.
  std::optional<std::chrono::milliseconds> on_crash(time_point now);

private:
  restart_limits limits_;
  backoff delays_;
  std::deque<time_point> crashes_;
};

} // namespace sluice::actors
