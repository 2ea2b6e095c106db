#include "actors/control/restart_history.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

constexpr std::chrono::hours remembered{1};

} // namespace

void restart_history::note(time_point now) {
  const std::lock_guard lock(mutex_);
  ++total_;
  recent_.push_back(now);
  while (now - recent_.front() >= remembered)
    recent_.pop_front();
}

std::uint64_t restart_history::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

std::uint64_t restart_history::within_last_hour(time_point now) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint64_t>(
      std::count_if(recent_.begin(), recent_.end(),
                    [&](auto at) { return now - at < remembered; }));
}

} // namespace sluice::actors
