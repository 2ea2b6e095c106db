#pragma once

/// The statements that remove what is old. Times are parameters; where a plan
/// may not depend on statistics, the index is named.
namespace sluice::db::sqlite::sql {

// -- events ------------------------------------------------------------------

// Rows stand in the order of their arrival; the id comes before the payload, so
// that those which are too young are told without reading that.
inline constexpr char look_for_events[] =
    "SELECT rowid, id, organization_id FROM events"
    " WHERE rowid > ?1 ORDER BY rowid LIMIT ?2";
inline constexpr char is_old_event[] =
    "SELECT e.inserted_at < ?2 AND NOT EXISTS"
    " (SELECT 1 FROM event_queue q WHERE q.id = e.id) AND NOT EXISTS"
    " (SELECT 1 FROM discarded d WHERE d.id = e.id)"
    " FROM events e WHERE e.rowid = ?1";
inline constexpr char deliveries_of_old[] =
    "SELECT rowid, id, status, next_attempt_at IS NULL, arrived_elsewhere"
    " FROM event_deliveries INDEXED BY event_deliveries_of_event"
    " WHERE event_id = ?1 AND organization_id = ?2";
inline constexpr char drop_attempts[] =
    "DELETE FROM delivery_attempts WHERE delivery_id = ?1";
inline constexpr char drop_delivery[] =
    "DELETE FROM event_deliveries WHERE rowid = ?1";
inline constexpr char drop_event[] = "DELETE FROM events WHERE rowid = ?1";

// -- deliveries --------------------------------------------------------------

inline constexpr char look_for_deliveries[] =
    "SELECT rowid, id, event_id, organization_id, status, inserted_at < ?3,"
    " next_attempt_at IS NOT NULL AND updated_at < ?3"
    "  AND status IN ('delivered', 'skipped', 'dead_letter')"
    " FROM event_deliveries WHERE rowid > ?1 ORDER BY rowid LIMIT ?2";
inline constexpr char let_go_of_event[] =
    "UPDATE event_deliveries INDEXED BY event_deliveries_of_event"
    " SET arrived_elsewhere = 1 WHERE event_id = ?1 AND organization_id = ?2"
    " AND next_attempt_at IS NULL AND status <> 'delivered'";

// -- keys --------------------------------------------------------------------

inline constexpr char look_for_keys[] =
    "SELECT k.rowid, k.expires_at, EXISTS"
    " (SELECT 1 FROM event_queue q WHERE q.id = k.event_id)"
    " FROM dedup_keys k INDEXED BY dedup_keys_by_expiry"
    " WHERE k.expires_at >= ?1 AND k.expires_at < ?2"
    " ORDER BY k.expires_at LIMIT ?3";
inline constexpr char drop_key[] = "DELETE FROM dedup_keys WHERE rowid = ?1";

} // namespace sluice::db::sqlite::sql
