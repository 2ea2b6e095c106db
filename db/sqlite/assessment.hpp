#pragma once

#include "db/sqlite/connection.hpp"
#include "db/store.hpp"

/// The look for damage, and what mends it, inside a transaction; each does as
/// the method of `store` that is named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

assessment assess(connection &database, const assess_request &request,
                  timestamp now);
recovery_outcome recover(connection &database, const recovery_order &order,
                         timestamp now);

} // namespace sluice::db::sqlite
