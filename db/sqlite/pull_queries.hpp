#pragma once

/// The statements of receivers who fetch, and of the log in its order. Times
/// are parameters. Where a plan may not depend on statistics, the index is
/// named.
namespace sluice::db::sqlite::sql {

// -- claims ------------------------------------------------------------------

inline constexpr char inbox_of[] =
    "SELECT id FROM endpoints WHERE organization_id = ?1 AND kind = 'pull'";
inline constexpr char mode_of[] =
    "SELECT mode FROM endpoints WHERE id = ?1 AND organization_id = ?2"
    " AND kind = 'push' AND removed_at IS NULL";

/// Those of endpoint ?2 whose lease ran out.
#define SLUICE_LAPSED(age)                                                     \
  "SELECT * FROM (SELECT rowid AS place, " age " AS age"                       \
  " FROM event_deliveries INDEXED BY event_deliveries_pulled"                  \
  " WHERE status = 'sending' AND claimed_by IS NULL AND endpoint_id = ?2"      \
  " AND coalesce(lease_until, 0) <= ?3"                                        \
  " ORDER BY coalesce(lease_until, 0) LIMIT ?4)"
/// Those of endpoint ?2 that nobody holds, whenever they are due.
#define SLUICE_UNSENT(standing)                                                \
  "SELECT * FROM (SELECT rowid AS place, next_attempt_at AS age"               \
  " FROM event_deliveries INDEXED BY event_deliveries_due"                     \
  " WHERE status IN ('pending', 'failed') AND next_attempt_at IS NOT NULL"     \
  " AND status = " standing " AND endpoint_id = ?2"                            \
  " ORDER BY next_attempt_at LIMIT ?4)"
#define SLUICE_OLDEST(ranges)                                                  \
  "SELECT d.rowid, d.id, d.event_id, d.attempts, d.next_attempt_at IS NULL,"   \
  " e.type, e.payload, e.dedup_id, e.accepted_at, e.inserted_at"               \
  " FROM (" ranges " ORDER BY age LIMIT ?4) w"                                 \
  " CROSS JOIN event_deliveries d ON d.rowid = w.place"                        \
  " LEFT JOIN events e ON e.organization_id = ?1 AND e.id = d.event_id"        \
  " ORDER BY w.age, d.id"
inline constexpr char pulls_of_inbox[] = SLUICE_OLDEST(
    "SELECT * FROM (SELECT rowid AS place, id AS age FROM event_deliveries"
    " INDEXED BY event_deliveries_of_inbox WHERE organization_id = ?1"
    " AND status = 'pending' AND next_attempt_at IS NULL"
    " ORDER BY id LIMIT ?4) UNION ALL " SLUICE_LAPSED("id"));
inline constexpr char pulls_of_endpoint[] =
    SLUICE_OLDEST(SLUICE_UNSENT("'pending'") " UNION ALL " SLUICE_UNSENT(
        "'failed'") " UNION ALL " SLUICE_LAPSED("next_attempt_at"));
#undef SLUICE_LAPSED
#undef SLUICE_UNSENT
#undef SLUICE_OLDEST

inline constexpr char hold_pull[] =
    "UPDATE event_deliveries SET status = 'sending',"
    " attempts = attempts + (next_attempt_at IS NULL), claim_id = ?2,"
    " claimed_by = NULL, lease_until = ?3, updated_at = ?4 WHERE rowid = ?1";
inline constexpr char skip_pull[] =
    "UPDATE event_deliveries SET status = 'skipped', claim_id = NULL,"
    " lease_until = NULL, updated_at = ?2 WHERE rowid = ?1";

// -- what a claim wants ------------------------------------------------------

#define SLUICE_PULLED                                                          \
  " WHERE event_id = ?1 AND organization_id = ?2 AND claim_id = ?3"            \
  " AND status = 'sending' AND claimed_by IS NULL"
/// Who acknowledged it stays known, so that it can be asked again.
inline constexpr char acknowledge_pull[] =
    "UPDATE event_deliveries INDEXED BY event_deliveries_of_event"
    " SET status = 'delivered', lease_until = NULL,"
    " updated_at = ?4" SLUICE_PULLED;
inline constexpr char release_pull[] =
    "UPDATE event_deliveries INDEXED BY event_deliveries_of_event"
    " SET status = CASE WHEN attempts > 0 AND next_attempt_at IS NOT NULL"
    "  THEN 'failed' ELSE 'pending' END, claim_id = NULL, lease_until = NULL,"
    " updated_at = ?4" SLUICE_PULLED;
inline constexpr char extend_pull[] =
    "UPDATE event_deliveries INDEXED BY event_deliveries_of_event"
    " SET lease_until = ?5, updated_at = ?4" SLUICE_PULLED
    " AND coalesce(lease_until, 0) > ?4";
#undef SLUICE_PULLED
inline constexpr char events_of_pull[] =
    "SELECT event_id FROM event_deliveries INDEXED BY event_deliveries_pulls"
    " WHERE claim_id = ?1 AND organization_id = ?2 AND status = 'sending'"
    " AND claimed_by IS NULL ORDER BY id";
/// No value: there is none.
inline constexpr char was_acknowledged_by[] =
    "SELECT max(status = 'delivered' AND claim_id IS ?3)"
    " FROM event_deliveries WHERE event_id = ?1 AND organization_id = ?2";

// -- the log -----------------------------------------------------------------

inline constexpr char last_position[] = "SELECT last FROM event_positions";

/// Columns 3 and 4 are compared; the rest is only read of what fits.
#define SLUICE_READ_LOG(where, order)                                          \
  "SELECT position, rowid, id, type, inserted_at, payload, dedup_id,"          \
  " accepted_at FROM events INDEXED BY events_in_order"                        \
  " WHERE organization_id = ?1 AND " where " ORDER BY " order
/// The rest of a transaction's, and then those of other transactions.
inline constexpr char rest_of_commit[] =
    SLUICE_READ_LOG("position = ?2 AND rowid > ?3", "rowid");
inline constexpr char later_commits[] =
    SLUICE_READ_LOG("position > ?2", "position, rowid");
inline constexpr char beginning_of_commit[] =
    SLUICE_READ_LOG("position = ?2 AND rowid < ?3", "rowid DESC");
inline constexpr char earlier_commits[] =
    SLUICE_READ_LOG("position < ?2", "position DESC, rowid DESC");
#undef SLUICE_READ_LOG

} // namespace sluice::db::sqlite::sql
