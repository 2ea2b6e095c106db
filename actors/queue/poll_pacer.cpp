#include "actors/queue/poll_pacer.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

// Empty polls in a row before the queue counts as idle.
constexpr int polls_until_idle = 10;

} // namespace

poll_pacer::poll_pacer(poll_intervals intervals)
    : intervals_(intervals), empty_wait_(intervals.min) {}

void poll_pacer::claimed(int count, int limit, time_point now) {
  last_poll_ = now;
  if (count == 0) {
    ++empty_polls_;
    next_ = now +
            (empty_polls_ >= polls_until_idle ? intervals_.idle : empty_wait_);
    empty_wait_ = std::min(empty_wait_ * 2, intervals_.max);
    return;
  }
  empty_polls_ = 0;
  empty_wait_ = intervals_.min;
  next_ = count < limit ? now + intervals_.min : now;
}

void poll_pacer::failed(time_point retry_at) {
  next_ = retry_at;
}

void poll_pacer::woken(time_point now) {
  empty_polls_ = 0;
  empty_wait_ = intervals_.min;
  next_ = std::min(next_, std::max(now, last_poll_ + intervals_.min));
}

void poll_pacer::due_in(std::chrono::milliseconds wait, time_point now) {
  next_ = std::min(next_, now + wait);
}

} // namespace sluice::actors
