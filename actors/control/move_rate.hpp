#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

namespace sluice::actors {

/// How fast this node empties a queue that is long enough to keep it busy. What
/// is stored in a minute says little of that: there may have been less to
/// store, or a pause. Pure.
class move_rate {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What is seen at one moment.
  struct look {
    /// Items moved since the start.
    std::uint64_t moved = 0;
    /// Items that wait.
    long waiting = 0;
    /// Whether items may be claimed.
    bool is_claiming = false;
  };

  /// Notes what is seen. Times must not go back.
  void note(const look &seen, time_point now);

  /// Over the last minute in which there was enough to do, however long ago;
  /// 0: there was none.
  double per_minute() const;

private:
  struct span {
    std::chrono::duration<double> length{};
    double moved = 0;
  };

  look before_;
  time_point noted_at_{};
  bool has_note_ = false;
  std::deque<span> spans_;
  span sum_;
};

} // namespace sluice::actors
