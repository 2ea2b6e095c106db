#include "actors/intake/fullness.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::actors {

namespace {

constexpr double longest_wait = 60;

long depth_now(const health_sample &sample, const counters &now) {
  auto came = static_cast<long>(now.accepted - sample.accepted);
  auto went = static_cast<long>(now.stored - sample.stored);
  return std::max(0L, sample.depth.pending + came - went);
}

} // namespace

std::optional<std::chrono::seconds> fullness::wait(const health_sample &sample,
                                                   const counters &now) {
  auto depth = depth_now(sample, now);
  auto room_at = greatest_ - greatest_ / 10;
  // Two callers may decide at once; the next one puts it right.
  if (depth >= greatest_)
    is_full_ = true;
  else if (depth <= room_at)
    is_full_ = false;
  if (!is_full_)
    return std::nullopt;
  auto per_second = std::max(sample.stored_per_minute / 60, 0.001);
  auto seconds = static_cast<double>(depth - room_at) / per_second;
  return std::chrono::seconds(
      std::lround(std::clamp(std::ceil(seconds), 1.0, longest_wait)));
}

} // namespace sluice::actors
