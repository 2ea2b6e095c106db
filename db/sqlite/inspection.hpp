#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "db/model/inspection.hpp"
#include "db/sqlite/connection.hpp"

/// What operators look at, in a transaction; each does as the method of `store`
/// that is named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

/// The current row: id, organization, type, status, attempts, last error,
/// accepted at, due at, claimed by, claimed at.
item_view read_item(statement_loan &row);

std::vector<item_view> list_items(connection &database,
                                  const item_query &query);
std::vector<audit_record> list_audit(connection &database,
                                     const audit_query &query);
std::vector<item_record> find_item(connection &database, event_id id,
                                   bool with_payload);
std::int64_t note_act(connection &database, const act_note &note,
                      timestamp now);
void note_outcome(connection &database, std::int64_t position,
                  std::string_view outcome);

} // namespace sluice::db::sqlite
