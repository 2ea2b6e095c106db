#pragma once

#include <algorithm>
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
///   full claim    poll again at once, while workers have room and nothing
///                 else goes first
///   partial claim poll after a wait that grows with what was found, from
///                 a few milliseconds for one item up to `min`: single events
///                 are not kept waiting, a stream of them goes in batches
///   empty claim   poll after a wait that doubles from `min` to `max`, and
///                 after `idle` once `max` was reached several times
///   wake-up       poll at once if that wait is over, else then
///   yield         poll no sooner than after several times what the claim took,
///                 unless somebody asks
class poll_pacer {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit poll_pacer(poll_intervals intervals);

  /// Other intervals hold from now on; what was planned by the old ones is off.
  void set(poll_intervals intervals);

  /// A claim came back with `count` items; `goes_on`: more may be due, and
  /// nothing goes first.
  void claimed(int count, bool goes_on, time_point now);

  /// A claim was claimed and moved in `spent`, and something else goes first:
  /// that gets four fifths of the time.
  void yielded(time_point::duration spent, time_point now);

  /// The store could not be asked, and may be again at `retry_at`.
  void failed(time_point retry_at);

  /// Somebody wants a look, whatever the intervals say.
  void asked();

  /// Something may be waiting.
  void woken(time_point now);

  /// An item will be due after `wait`.
  void due_in(std::chrono::milliseconds wait, time_point now);

  /// When to poll next. In the past: now.
  time_point next() const { return std::min(next_, due_); }

private:
  poll_intervals intervals_;
  std::chrono::milliseconds empty_wait_;
  int empty_polls_ = 0;
  /// Before this no wake-up leads to a poll.
  time_point rests_until_{};
  time_point next_{};
  /// When the first of the items that wait is due; none that is known: max.
  time_point due_ = time_point::max();
};

} // namespace sluice::actors
