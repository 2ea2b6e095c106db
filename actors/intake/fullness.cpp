#include "actors/intake/fullness.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::actors {

namespace {

constexpr double longest_wait = 60;
constexpr std::chrono::seconds wait_for_a_rate{10};

std::int64_t growth(const counters &now) {
  return static_cast<std::int64_t>(now.accepted) -
         static_cast<std::int64_t>(now.stored);
}

} // namespace

void fullness::note(long depth, long on_their_way, const counters &now,
                    double stored_per_minute) {
  auto left = static_cast<std::int64_t>(now.stored - stored_before_);
  counted_twice_ = on_their_way + left;
  base_ = depth - growth(now);
  stored_per_minute_ = stored_per_minute;
}

std::optional<std::chrono::seconds> fullness::wait(const counters &now) {
  auto waiting = depth(now) - counted_twice_;
  auto greatest = greatest_.load();
  auto room_at = greatest - greatest / 10;
  // Two callers may decide at once; the next one puts it right.
  if (waiting >= greatest)
    is_full_ = true;
  else if (waiting <= room_at)
    is_full_ = false;
  if (!is_full_)
    return std::nullopt;
  return time_for(waiting - room_at);
}

long fullness::depth(const counters &now) const {
  return std::max<long>(0, base_ + growth(now));
}

std::chrono::seconds fullness::time_for(long items) const {
  auto per_minute = stored_per_minute_.load();
  if (per_minute <= 0)
    return wait_for_a_rate;
  auto seconds = static_cast<double>(items) * 60 / per_minute;
  return std::chrono::seconds(
      std::lround(std::clamp(std::ceil(seconds), 1.0, longest_wait)));
}

} // namespace sluice::actors
