#pragma once

#include <vector>

#include "db/model/inspection.hpp"
#include "db/sqlite/connection.hpp"

/// What operators look at, in a transaction; each does as the method of `store`
/// that is named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

std::vector<item_view> list_items(connection &database,
                                  const item_query &query);
std::vector<audit_record> list_audit(connection &database,
                                     const audit_query &query);

} // namespace sluice::db::sqlite
