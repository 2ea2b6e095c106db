#pragma once

#include <functional>

#include "db/sqlite/connection.hpp"

namespace sluice::db::sqlite {

/// Takes up to `limit` items that are due at `now` through the lanes of the
/// queue: each leaves a part to those behind it that are busy, by the `lot`
/// from 0 up to 1 (see `part_of_later_lanes`); then what was left over goes to
/// those that have more. `take(lane, wanted)` takes from one lane, which may
/// be asked twice, and says how many it got. Throws `SQLite::Exception`, and
/// what `take` throws.
void walk_lanes(connection &database, timestamp now, int limit, double lot,
                const std::function<int(int lane, int wanted)> &take);

} // namespace sluice::db::sqlite
