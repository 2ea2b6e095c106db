#include "db/sqlite/lane_walk.hpp"

#include <algorithm>
#include <array>

#include "db/model/lanes.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

/// Lanes that are likely to have more.
using busy_lanes = std::array<bool, lane_count>;

busy_lanes find_busy(connection &database, timestamp now) {
  busy_lanes busy{};
  auto query = database.statement(sql::is_lane_busy);
  for (int lane = 0; lane < lane_count; ++lane) {
    busy[lane] = query.bind(1, std::int64_t{lane}).bind(2, now).next() &&
                 query.number(0) != 0;
    query->reset();
  }
  return busy;
}

} // namespace

void walk_lanes(connection &database, timestamp now, int limit, double lot,
                const std::function<int(int lane, int wanted)> &take) {
  auto busy = find_busy(database, now);
  int left = limit;
  auto take_from = [&](int lane, int wanted) {
    if (!busy[lane] || wanted == 0)
      return;
    int taken = take(lane, wanted);
    left -= taken;
    busy[lane] = taken == wanted;
  };
  for (int lane = 0; lane < lane_count; ++lane) {
    auto is_busy_behind =
        std::find(busy.begin() + lane + 1, busy.end(), true) != busy.end();
    take_from(lane,
              left - (is_busy_behind ? part_of_later_lanes(left, lot) : 0));
  }
  for (int lane = 0; lane < lane_count; ++lane)
    take_from(lane, left);
}

} // namespace sluice::db::sqlite
