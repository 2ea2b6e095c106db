#include "actors/queue/poll_pacer.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

// Empty polls in a row before the queue counts as idle.
constexpr int polls_until_idle = 10;
// What a poll has to find to be followed by the whole shortest interval: a
// poll costs as much as moving some of its items.
constexpr int items_for_a_full_wait = 25;
// How often its own time the queue waits when something else goes first.
constexpr int rests_per_turn = 4;
constexpr std::chrono::milliseconds longest_yield{500};

} // namespace

poll_pacer::poll_pacer(poll_intervals intervals)
    : intervals_(intervals), empty_wait_(intervals.min) {}

void poll_pacer::set(poll_intervals intervals) {
  intervals_ = intervals;
  asked();
}

void poll_pacer::claimed(int count, bool goes_on, time_point now) {
  // What was due by now has been claimed, or will be by the next poll.
  if (due_ <= now)
    due_ = time_point::max();
  auto share = std::clamp(count, 1, items_for_a_full_wait);
  rests_until_ = now + intervals_.min * share / items_for_a_full_wait;
  if (count == 0) {
    ++empty_polls_;
    next_ = now +
            (empty_polls_ >= polls_until_idle ? intervals_.idle : empty_wait_);
    empty_wait_ = std::min(empty_wait_ * 2, intervals_.max);
    return;
  }
  empty_polls_ = 0;
  empty_wait_ = intervals_.min;
  next_ = goes_on ? now : now + intervals_.min;
}

void poll_pacer::yielded(time_point::duration spent, time_point now) {
  rests_until_ =
      std::max(rests_until_, now + std::min<time_point::duration>(
                                       spent * rests_per_turn, longest_yield));
  next_ = std::max(next_, rests_until_);
}

void poll_pacer::failed(time_point retry_at) {
  next_ = retry_at;
  due_ = std::max(due_, retry_at);
}

void poll_pacer::asked() {
  empty_polls_ = 0;
  empty_wait_ = intervals_.min;
  next_ = time_point::min();
}

void poll_pacer::woken(time_point now) {
  empty_polls_ = 0;
  empty_wait_ = intervals_.min;
  next_ = std::min(next_, std::max(now, rests_until_));
}

void poll_pacer::due_in(std::chrono::milliseconds wait, time_point now) {
  due_ = std::min(due_, now + wait);
}

} // namespace sluice::actors
