#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

namespace sluice::actors {

/// How fast a counter grew over the last minute. Pure.
class rate_window {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Notes the counter's value. Times must not go back.
  void note(std::uint64_t value, time_point now);

  /// Growth per minute over the window, or over the time since the first
  /// note while that is shorter; 0 with fewer than two notes.
  double per_minute() const;

  /// Growth within the last minute; less than the rate while there has not
  /// been a minute.
  double last_minute() const;

private:
  double growth() const;

  struct sample {
    time_point at{};
    std::uint64_t value = 0;
  };
  std::deque<sample> samples_;
};

} // namespace sluice::actors
