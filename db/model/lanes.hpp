#pragma once

#include <array>
#include <cstddef>

/// The lanes of the queue. An event goes into the lane that its organization
/// has earned by what it has waiting, and claims go through the lanes from the
/// first to the last: who has little waiting is served before who has much.
namespace sluice::db {

inline constexpr int lane_count = 4;

/// With more than this waiting an organization's events go into the second,
/// the third, the fourth lane.
inline constexpr std::array<long, lane_count - 1> lane_limits = {1'000, 10'000,
                                                                 100'000};

/// The lane for the next event of an organization that has so many waiting.
constexpr int lane_for(long waiting) {
  int lane = 0;
  for (auto limit : lane_limits)
    lane += waiting > limit ? 1 : 0;
  return lane;
}

/// How many of the `left` items of a claim a lane leaves to the lanes behind
/// it, if these have any: a quarter, so that nobody starves. What is no whole
/// item is decided by `lot`, from 0 up to 1, so that claims of a single item
/// go to them one time in four.
constexpr int part_of_later_lanes(int left, double lot) {
  return static_cast<int>(left * 0.25 + lot);
}

} // namespace sluice::db
