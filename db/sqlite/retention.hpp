#pragma once

#include "db/model/retention.hpp"
#include "db/sqlite/connection.hpp"

/// Removal of what is old, inside a transaction. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

/// As `store::prune`.
prune_outcome prune(connection &database, const prune_request &request,
                    timestamp now);

} // namespace sluice::db::sqlite
