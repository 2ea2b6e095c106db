#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>

namespace sluice::actors {

/// How many claims may be out at once after a pause: one, and twice as many
/// with each step, so that what waits behind the log is not overrun. Pure:
/// time comes in as a parameter.
class ramp {
public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds step{500};
  /// After so many steps there is no limit any more.
  static constexpr int steps = 8;

  /// `is_open`: whether items may be claimed at all now.
  std::size_t width(bool is_open, time_point now) {
    if (!is_open) {
      was_closed_ = true;
      return 0;
    }
    if (was_closed_) {
      was_closed_ = false;
      opened_at_ = now;
    }
    auto done = steps_done(now);
    return done >= steps ? std::numeric_limits<std::size_t>::max()
                         : std::size_t{1} << done;
  }

  /// When more may be out than at `now`, by time alone; nothing while it is
  /// closed and when there is no limit.
  std::optional<time_point> wider_at(time_point now) const {
    auto done = steps_done(now);
    if (was_closed_ || done >= steps)
      return std::nullopt;
    return opened_at_ + (done + 1) * step;
  }

private:
  long steps_done(time_point now) const { return (now - opened_at_) / step; }

  bool was_closed_ = false;
  /// Long ago: a start is no resumption.
  time_point opened_at_{};
};

} // namespace sluice::actors
