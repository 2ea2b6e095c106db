#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actors/rollback/run.hpp"
#include "db/store.hpp"

namespace sluice::actors {

/// A rollback, as whoever looks at the dials or turns them has to know of it.
struct rollback_standing {
  rollback_target target = rollback_target::sync;
  /// What comes next while it is under way; none: it is over, and in force.
  std::optional<rollback_step> next{};
  /// `ingest`, `processing` and `delivery`: those that stand where it has put
  /// them; while it is under way all of them are its own.
  std::vector<std::string> dials{};
  std::string begun_by{};
  std::string reason{};

  bool is_under_way() const { return next.has_value(); }
};

/// Of the newest one. Nothing when it was given up, was an undo that is over,
/// or when each dial that it has turned was turned again since. Pure.
std::optional<rollback_standing> standing_of(const rollback_run &newest,
                                             const db::gate_state &now);

/// The same, of what the store keeps. A record that can't be read counts as
/// none: what stands there is of another version.
db::result<std::optional<rollback_standing>>
standing_in(db::store &session, const db::gate_state &now);

/// Null when there is none.
json to_json(const std::optional<rollback_standing> &standing);

/// "the rollback to stop, by ann: the reason, is in force".
std::string describe(const rollback_standing &standing);

} // namespace sluice::actors
