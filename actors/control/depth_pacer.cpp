#include "actors/control/depth_pacer.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

constexpr long counted_always = 10'000;
constexpr int share_of_time = 20;

} // namespace

long depth_pacer::limit(long greatest, time_point now) const {
  return now >= next_ ? greatest : std::min(greatest, counted_always);
}

depth_pacer::known depth_pacer::note(const db::queue_depth &counted, long limit,
                                     time_point begun, time_point ended) {
  known out{.depth = counted};
  if (limit > counted_always) {
    next_ = ended + (ended - begun) * share_of_time;
  } else if (!counted.exact && ended < next_) {
    out.is_fresh = false;
    out.depth.exact = true;
    for (auto count : {&db::queue_depth::pending, &db::queue_depth::processing,
                       &db::queue_depth::quarantined}) {
      if (counted.*count < limit)
        continue;
      out.depth.exact = out.depth.exact && last_.exact && last_.*count >= limit;
      out.depth.*count = std::max(last_.*count, limit);
    }
  }
  last_ = out.depth;
  return out;
}

} // namespace sluice::actors
