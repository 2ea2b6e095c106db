#pragma once

struct sqlite3;

namespace sluice::db::sqlite {

/// Adds what the statements call beside SQLite's own functions:
///
/// `delivery_id(event_id)`: a fresh id for a delivery of this event, a version
/// 7 UUID that begins like the event's; fails as a constraint does when the
/// event's id is none. Throws `SQLite::Exception`.
void add_functions(sqlite3 *database);

} // namespace sluice::db::sqlite
