#pragma once

#include <span>

#include "db/sqlite/connection.hpp"
#include "db/store.hpp"

/// The way from the queue into the log, inside a transaction; as the methods
/// of `store` of these names. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

int move(connection &database, claim_id fence, timestamp now);
move_outcome move_each(connection &database, claim_id fence,
                       std::span<const event_id> ids, timestamp now);
due_outcome move_due(connection &database, const due_request &request,
                     timestamp now);

} // namespace sluice::db::sqlite
