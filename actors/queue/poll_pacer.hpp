#pragma once

#include <chrono>
#include <optional>

namespace sluice::actors {

/// Intervals between polls of the queue.
struct poll_intervals {
  /// Between polls while events come in.
  std::chrono::milliseconds min{100};
  /// The longest between polls of a queue that is empty for the moment.
  std::chrono::milliseconds max{2'000};
  /// Between polls once it has been empty for a while.
  std::chrono::milliseconds idle{30'000};
};

/// Decides when the queue is polled next. Pure: time comes in as a parameter.
///
///   full claim    poll again at once, while workers have room
///   partial claim poll after `min`
///   empty claim   poll after a wait that doubles from `min` to `max`, and
///                 after `idle` once `max` was reached several times
///   wake-up       poll at once if the last poll is `min` ago, else then
class poll_pacer {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit poll_pacer(poll_intervals intervals);

  /// A claim came back with `count` of `limit` items.
  void claimed(int count, int limit, time_point now);

  /// The store could not be asked, and may be again at `retry_at`.
  void failed(time_point retry_at);

  /// Something may be waiting.
  void woken(time_point now);

  /// An item will be due after `wait`.
  void due_in(std::chrono::milliseconds wait, time_point now);

  /// When to poll next. In the past: now.
  time_point next() const { return next_; }

private:
  poll_intervals intervals_;
  std::chrono::milliseconds empty_wait_;
  int empty_polls_ = 0;
  time_point last_poll_{};
  time_point next_{};
};

} // namespace sluice::actors
