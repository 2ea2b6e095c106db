#pragma once

#include <optional>
#include <span>
#include <vector>

#include "db/sqlite/connection.hpp"
#include "db/store.hpp"

/// What the inbox's methods do inside a transaction; each does as the method
/// of `store` that is named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

std::optional<event_view> find_event(connection &database,
                                     organization_id owner, event_id id);
std::vector<inbox_entry> inbox(connection &database, const inbox_query &query);
std::vector<ack_outcome> acknowledge(connection &database,
                                     organization_id owner,
                                     std::span<const event_id> ids,
                                     timestamp now);

} // namespace sluice::db::sqlite
