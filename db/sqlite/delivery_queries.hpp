#pragma once

/// The statements of webhooks and of their deliveries. Times are parameters.
/// Where a plan may not depend on statistics, the index is named.
namespace sluice::db::sqlite::sql {

// -- endpoints ---------------------------------------------------------------

inline constexpr char count_endpoints[] =
    "SELECT count(*), coalesce(max(is_default), 0) FROM endpoints"
    " WHERE organization_id = ?1 AND kind = 'push' AND removed_at IS NULL";
inline constexpr char create_endpoint[] =
    "INSERT INTO endpoints (id, organization_id, kind, url, event_types,"
    " description, headers, secrets, max_in_flight, rate_per_second, state,"
    " state_reason, is_default, version, inserted_at, updated_at, mode,"
    " was_pulled)"
    " VALUES (?1, ?2, 'push', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1,"
    " ?13, ?13, ?14, ?14 = 'pull')";
inline constexpr char save_endpoint[] =
    "UPDATE endpoints SET url = ?3, event_types = ?4, description = ?5,"
    " headers = ?6, secrets = ?7, max_in_flight = ?8, rate_per_second = ?9,"
    " failing_since = CASE WHEN ?10 = 'active' AND state <> 'active'"
    "  THEN NULL ELSE failing_since END,"
    " state = ?10, state_reason = ?11, is_default = ?12,"
    " version = version + 1, updated_at = ?13, mode = ?14,"
    " was_pulled = was_pulled OR ?14 = 'pull'"
    " WHERE id = ?1 AND organization_id = ?2 AND kind = 'push'"
    " AND removed_at IS NULL AND version = ?15";
inline constexpr char remove_endpoint[] =
    "UPDATE endpoints SET version = version + 1, removed_at = ?3,"
    " updated_at = ?3 WHERE id = ?1 AND organization_id = ?2"
    " AND kind = 'push' AND removed_at IS NULL";

// clang-format off
#define SLUICE_LOOK_AT_ENDPOINTS                                               \
  "SELECT id, organization_id, url, event_types, description, headers,"        \
  " secrets, max_in_flight, rate_per_second, state, state_reason, is_default," \
  " version, failing_since, inserted_at, coalesce(updated_at, inserted_at),"   \
  " mode"                                                                      \
  " FROM endpoints WHERE kind = 'push' AND removed_at IS NULL"
inline constexpr char endpoints_of[] = SLUICE_LOOK_AT_ENDPOINTS
    " AND organization_id = ?1 ORDER BY inserted_at, id";
inline constexpr char find_endpoint[] = SLUICE_LOOK_AT_ENDPOINTS
    " AND organization_id = ?1 AND id = ?2";
inline constexpr char active_endpoints[] = SLUICE_LOOK_AT_ENDPOINTS
    " AND state = 'active' AND mode = 'push' ORDER BY id";
#undef SLUICE_LOOK_AT_ENDPOINTS
// clang-format on

inline constexpr char note_well[] =
    "UPDATE endpoints SET failing_since = NULL WHERE id = ?1"
    " AND organization_id = ?2 AND failing_since IS NOT NULL";
inline constexpr char note_failing[] =
    "UPDATE endpoints SET failing_since = ?3 WHERE id = ?1"
    " AND organization_id = ?2 AND kind = 'push' AND failing_since IS NULL";
inline constexpr char park_endpoint[] =
    "UPDATE endpoints SET state = 'parked', state_reason = ?4,"
    " version = version + 1, updated_at = ?3 WHERE id = ?1"
    " AND organization_id = ?2 AND kind = 'push' AND state = 'active'"
    " AND removed_at IS NULL";

// -- claims ------------------------------------------------------------------

inline constexpr char gate_delivery[] =
    "SELECT value FROM control WHERE key = 'gate.delivery'";
inline constexpr char is_sent_to[] =
    "SELECT EXISTS (SELECT 1 FROM endpoints WHERE id = ?1 AND kind = 'push'"
    " AND state = 'active' AND mode = 'push' AND removed_at IS NULL)";

/// What waits, in the terms of its index.
#define SLUICE_WAITS                                                           \
  "d.status IN ('pending', 'failed') AND d.next_attempt_at IS NOT NULL"
#define SLUICE_DUE(status)                                                     \
  "SELECT * FROM (SELECT d.rowid AS place, d.next_attempt_at AS due"           \
  " FROM event_deliveries d INDEXED BY event_deliveries_due"                   \
  " WHERE " SLUICE_WAITS " AND d.status = " status                             \
  " AND d.endpoint_id = ?1 AND d.next_attempt_at <= ?2"                        \
  " ORDER BY d.next_attempt_at LIMIT ?3)"

// One probe of an index for what was never tried, one for what was.
inline constexpr char due_deliveries[] =
    "SELECT d.rowid, d.id, d.organization_id, d.event_id, d.attempts, e.type,"
    " e.payload, e.accepted_at FROM (" SLUICE_DUE(
        "'pending'") " UNION ALL " SLUICE_DUE("'failed'") //
    " ORDER BY due LIMIT ?3) w"
    " CROSS JOIN event_deliveries d ON d.rowid = w.place"
    " LEFT JOIN events e"
    " ON e.organization_id = d.organization_id AND e.id = d.event_id"
    " ORDER BY w.due";
inline constexpr char claim_delivery[] =
    "UPDATE event_deliveries SET status = 'sending', attempts = attempts + 1,"
    " claim_id = ?2, claimed_by = ?3, lease_until = ?4 WHERE rowid = ?1";
/// Without its event it can never be sent, and would stand in the way of those
/// behind it.
inline constexpr char skip_delivery[] =
    "UPDATE event_deliveries SET status = 'skipped', updated_at = ?2"
    " WHERE rowid = ?1";

// -- results -----------------------------------------------------------------

#define SLUICE_LET_GO "claim_id = NULL, claimed_by = NULL, lease_until = NULL"
#define SLUICE_HELD                                                            \
  " WHERE claim_id = ?1 AND id = ?2 AND organization_id = ?3"                  \
  " AND status = 'sending' AND claimed_by IS NOT NULL"
inline constexpr char record_delivery[] =
    "UPDATE event_deliveries INDEXED BY event_deliveries_sending"
    " SET status = ?5, next_attempt_at = coalesce(?6, next_attempt_at),"
    " response_status = ?7, last_error = ?8, updated_at = ?4,"
    " " SLUICE_LET_GO SLUICE_HELD;
/// It counts for nothing, so that it waits as what it was before.
inline constexpr char return_delivery[] =
    "UPDATE event_deliveries INDEXED BY event_deliveries_sending"
    " SET status = CASE WHEN attempts > 1 THEN 'failed' ELSE 'pending' END,"
    " attempts = max(attempts - 1, 0), next_attempt_at = ?5,"
    " updated_at = ?4, " SLUICE_LET_GO SLUICE_HELD;
inline constexpr char add_attempt[] =
    "INSERT INTO delivery_attempts (id, organization_id, delivery_id,"
    " attempted_at, duration_us, response_status, error, response_head)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
inline constexpr char attempts_of_event[] =
    "SELECT a.delivery_id, d.endpoint_id, a.attempted_at, a.duration_us,"
    " a.response_status, a.error, a.response_head FROM event_deliveries d"
    " CROSS JOIN delivery_attempts a ON a.delivery_id = d.id"
    " WHERE d.event_id = ?1 AND d.organization_id = ?2"
    " ORDER BY a.attempted_at, a.id LIMIT ?3";

// -- those whose sender or endpoint is gone ----------------------------------

inline constexpr char rescue_deliveries[] =
    "UPDATE event_deliveries SET"
    " status = CASE WHEN attempts >= ?3 THEN 'dead_letter' ELSE 'failed' END,"
    " last_error = 'rescued: held by ' || coalesce(claimed_by, 'nobody')"
    "  || ' without a result' || CASE WHEN attempts >= ?3"
    "   THEN ', after ' || attempts || ' attempts' ELSE '' END,"
    " next_attempt_at = ?1, updated_at = ?1, " SLUICE_LET_GO
    " WHERE rowid IN (SELECT rowid FROM event_deliveries"
    "  INDEXED BY event_deliveries_sending WHERE status = 'sending'"
    "  AND claimed_by IS NOT NULL"
    "  AND (lease_until < ?1 OR lease_until IS NULL"
    "   OR claimed_by NOT IN (SELECT id FROM nodes WHERE heartbeat_at >= ?2))"
    "  LIMIT ?4)";
/// What pullers left to endpoints that are pulled from no more.
inline constexpr char rescue_pulls[] =
    "UPDATE event_deliveries SET"
    " status = CASE WHEN attempts > 0 THEN 'failed' ELSE 'pending' END,"
    " next_attempt_at = ?1, updated_at = ?1, " SLUICE_LET_GO
    " WHERE rowid IN (SELECT d.rowid FROM endpoints p"
    "  CROSS JOIN event_deliveries d INDEXED BY event_deliveries_pulled"
    "  ON d.endpoint_id = p.id WHERE p.was_pulled"
    "  AND (p.mode = 'push' OR p.removed_at IS NOT NULL)"
    "  AND d.status = 'sending' AND d.claimed_by IS NULL"
    "  AND coalesce(d.lease_until, 0) <= ?1 LIMIT ?2)";
#define SLUICE_END_SENDING                                                     \
  "UPDATE event_deliveries INDEXED BY event_deliveries_sending"                \
  " SET status = 'failed', last_error = 'its sender ended',"                   \
  " next_attempt_at = ?2, updated_at = ?2, " SLUICE_LET_GO                     \
  " WHERE status = 'sending' AND claimed_by IS NOT NULL AND claimed_by"
inline constexpr char end_sending_of_others[] = SLUICE_END_SENDING " IS NOT ?1";
inline constexpr char end_sending_of_node[] = SLUICE_END_SENDING " = ?1";
inline constexpr char skip_removed[] =
    "UPDATE event_deliveries SET status = 'skipped', updated_at = ?1"
    " WHERE rowid IN (SELECT d.rowid FROM endpoints p"
    "  CROSS JOIN event_deliveries d INDEXED BY event_deliveries_due"
    "  ON d.endpoint_id = p.id"
    "  WHERE p.removed_at IS NOT NULL AND " SLUICE_WAITS " LIMIT ?2)";

inline constexpr char count_deliveries[] =
    "SELECT (SELECT count(*) FROM (SELECT 1 FROM event_deliveries d"
    "  INDEXED BY event_deliveries_due"
    "  WHERE " SLUICE_WAITS " AND d.status = 'pending' LIMIT ?1)),"
    " (SELECT count(*) FROM (SELECT 1 FROM event_deliveries"
    "  INDEXED BY event_deliveries_sending"
    "  WHERE status = 'sending' AND claimed_by IS NOT NULL LIMIT ?1)),"
    " (SELECT count(*) FROM (SELECT 1 FROM event_deliveries d"
    "  INDEXED BY event_deliveries_due"
    "  WHERE " SLUICE_WAITS " AND d.status = 'failed' LIMIT ?1)),"
    " (SELECT count(*) FROM (SELECT 1 FROM event_deliveries"
    "  INDEXED BY event_deliveries_dead"
    "  WHERE status = 'dead_letter' LIMIT ?1))";

// -- replay ------------------------------------------------------------------

#define SLUICE_LOOK_FOR_REPLAY(index)                                          \
  "SELECT d.rowid, d.id, d.status IN ('delivered', 'dead_letter', 'skipped')"  \
  " AND (?3 IS NULL OR d.endpoint_id = ?3)"                                    \
  " AND (?4 IS NULL OR d.inserted_at >= ?4)"                                   \
  " AND (?5 IS NULL OR d.inserted_at < ?5)"                                    \
  " AND EXISTS (SELECT 1 FROM endpoints e WHERE e.id = d.endpoint_id"          \
  "  AND e.kind = 'push' AND e.removed_at IS NULL)"                            \
  " FROM event_deliveries d INDEXED BY " index " WHERE d.organization_id = ?1" \
  " AND d.next_attempt_at IS NOT NULL AND d.id > ?2"
#define SLUICE_DEAD " AND d.status = 'dead_letter'"
#define SLUICE_IN_ORDER " ORDER BY d.id"
inline constexpr char replay_all[] =
    SLUICE_LOOK_FOR_REPLAY("event_deliveries_of_webhooks") SLUICE_IN_ORDER;
inline constexpr char replay_dead[] =
    SLUICE_LOOK_FOR_REPLAY("event_deliveries_dead") SLUICE_DEAD SLUICE_IN_ORDER;
inline constexpr char replay_event[] = SLUICE_LOOK_FOR_REPLAY(
    "event_deliveries_of_event") " AND d.event_id = ?6" SLUICE_IN_ORDER;
inline constexpr char replay_dead_of_event[] =
    SLUICE_LOOK_FOR_REPLAY("event_deliveries_of_event") //
    " AND d.event_id = ?6" SLUICE_DEAD SLUICE_IN_ORDER;
inline constexpr char replay_delivery[] =
    "UPDATE event_deliveries SET status = 'pending', attempts = 0,"
    " response_status = NULL, last_error = NULL, next_attempt_at = ?2,"
    " updated_at = ?2, " SLUICE_LET_GO " WHERE rowid = ?1";

#undef SLUICE_WAITS
#undef SLUICE_DUE
#undef SLUICE_LET_GO
#undef SLUICE_HELD
#undef SLUICE_END_SENDING
#undef SLUICE_LOOK_FOR_REPLAY
#undef SLUICE_DEAD
#undef SLUICE_IN_ORDER

} // namespace sluice::db::sqlite::sql
