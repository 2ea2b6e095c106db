#pragma once

#include <cstdint>
#include <optional>

#include "db/model/ledger.hpp"
#include "db/model/node.hpp"
#include "db/sqlite/connection.hpp"

/// What one node does for all, inside a transaction; each does as the method
/// of `store` that is named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

/// How a duty stands, for a node that asks for it.
enum class duty_state : std::uint8_t { ours, anothers, to_be_had };

duty_state look_at_duty(connection &database, node_id self, duty what,
                        timestamp alive_since);
/// Takes it unless somebody else was faster.
bool take_duty(connection &database, node_id self, duty what,
               timestamp alive_since, timestamp now);

void keep_verdict(connection &database, const ledger_verdict &found,
                  timestamp now);
std::optional<ledger_verdict> last_verdict(connection &database, timestamp now);

compaction_outcome compact_ledger(connection &database,
                                  const compaction_request &request,
                                  timestamp now);

} // namespace sluice::db::sqlite
