#pragma once

/// Every statement that sessions run. Times are parameters.
namespace sluice::db::sqlite::sql {

// -- schema ------------------------------------------------------------------

inline constexpr char has_migrations[] =
    "SELECT count(*) FROM sqlite_schema"
    " WHERE type = 'table' AND name = 'schema_migrations'";
inline constexpr char latest_migration[] =
    "SELECT coalesce(max(version), 0) FROM schema_migrations";
inline constexpr char record_migration[] =
    "INSERT INTO schema_migrations (version, applied_at) VALUES (?1, ?2)";

// -- intake ------------------------------------------------------------------

inline constexpr char find_dedup_key[] =
    "SELECT event_id, body_hash,"
    " expires_at > ?4 OR EXISTS"
    " (SELECT 1 FROM event_queue q WHERE q.id = k.event_id)"
    " FROM dedup_keys k"
    " WHERE organization_id = ?1 AND scope = ?2 AND dedup_id = ?3";
inline constexpr char put_dedup_key[] =
    "INSERT INTO dedup_keys"
    " (organization_id, scope, dedup_id, event_id, body_hash, expires_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT (organization_id, scope, dedup_id) DO UPDATE SET"
    " event_id = excluded.event_id, body_hash = excluded.body_hash,"
    " expires_at = excluded.expires_at";
inline constexpr char enqueue[] =
    "INSERT INTO event_queue (id, organization_id, type, payload, dedup_id,"
    " status, attempts, not_before, inserted_at, lane)"
    " VALUES (?1, ?2, ?3, ?4, ?5, 'pending', 0, ?6, ?6, ?7)";
inline constexpr char create_event[] =
    "INSERT INTO events"
    " (id, organization_id, type, payload, dedup_id, inserted_at, accepted_at,"
    " position) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6,"
    " (SELECT last FROM event_positions))";
inline constexpr char add_to_ledger[] =
    "INSERT INTO ledger (at, node, kind, count, organization_id, ids)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
inline constexpr char is_known_event[] =
    "SELECT EXISTS (SELECT 1 FROM event_queue WHERE id = ?1)"
    " OR EXISTS (SELECT 1 FROM events WHERE organization_id = ?2 AND id = ?1)"
    " OR EXISTS (SELECT 1 FROM discarded WHERE id = ?1)";

// -- queue -------------------------------------------------------------------

inline constexpr char is_lane_busy[] =
    "SELECT EXISTS (SELECT 1 FROM event_queue"
    " WHERE status = 'pending' AND lane = ?1 AND not_before <= ?2)";
inline constexpr char claim_of_lane[] =
    "UPDATE event_queue SET status = 'processing', claim_id = ?1,"
    " claimed_by = ?2, processing_started_at = ?3"
    " WHERE rowid IN (SELECT rowid FROM event_queue"
    "  WHERE status = 'pending' AND lane = ?5 AND not_before <= ?3"
    "  ORDER BY not_before LIMIT ?4)";
inline constexpr char claim_of_owner[] =
    "UPDATE event_queue SET status = 'processing', claim_id = ?1,"
    " claimed_by = ?2, processing_started_at = ?3"
    " WHERE rowid IN (SELECT rowid FROM event_queue"
    "  WHERE status = 'pending' AND organization_id = ?5 AND not_before <= ?3"
    "  LIMIT ?4)";
/// A statement of its own, as is `sql::moved_items`: RETURNING costs each row
/// more than the look here, since it is kept in a table of its own until the
/// last one was changed.
inline constexpr char claimed_items[] =
    "SELECT id, attempts, organization_id FROM event_queue"
    " WHERE claim_id = ?1 AND status = 'processing'";
inline constexpr char retry_item[] =
    "UPDATE event_queue SET status = 'pending', claim_id = NULL,"
    " claimed_by = NULL, processing_started_at = NULL,"
    " attempts = attempts + 1, last_error = ?3, not_before = ?4"
    " WHERE id = ?1 AND claim_id = ?2 AND status = 'processing'";
inline constexpr char quarantine_item[] =
    "UPDATE event_queue SET status = 'quarantined', claim_id = NULL,"
    " claimed_by = NULL, processing_started_at = NULL,"
    " attempts = attempts + 1, last_error = ?3"
    " WHERE id = ?1 AND claim_id = ?2 AND status = 'processing'";
inline constexpr char release_item[] =
    "UPDATE event_queue SET status = 'pending', claim_id = NULL,"
    " claimed_by = NULL, processing_started_at = NULL"
    " WHERE id = ?1 AND claim_id = ?2 AND status = 'processing'";
inline constexpr char release_claim[] =
    "UPDATE event_queue SET status = 'pending', claim_id = NULL,"
    " claimed_by = NULL, processing_started_at = NULL"
    " WHERE claim_id = ?1 AND status = 'processing'";
inline constexpr char rescue[] =
    "UPDATE event_queue SET"
    " status = CASE WHEN attempts + 1 >= ?3 THEN 'quarantined'"
    "  ELSE 'pending' END,"
    " claim_id = NULL, claimed_by = NULL, processing_started_at = NULL,"
    " attempts = attempts + 1,"
    " last_error = 'rescued: held by ' || coalesce(claimed_by, 'nobody')"
    "  || ' without a result', not_before = ?4"
    " WHERE status = 'processing' AND (processing_started_at < ?1"
    "  OR processing_started_at IS NULL OR claimed_by IS NULL"
    "  OR claimed_by NOT IN"
    "   (SELECT id FROM nodes WHERE heartbeat_at >= ?2))"
    " RETURNING status = 'quarantined'";

inline constexpr char count_by_status[] =
    "SELECT count(*) FROM (SELECT 1 FROM event_queue"
    " WHERE status = 'pending' LIMIT ?1)"
    " UNION ALL SELECT count(*) FROM (SELECT 1 FROM event_queue"
    " WHERE status = 'processing' LIMIT ?1)"
    " UNION ALL SELECT count(*) FROM (SELECT 1 FROM event_queue"
    " WHERE status = 'quarantined' LIMIT ?1)";
inline constexpr char count_stuck[] =
    "SELECT count(*) FROM (SELECT processing_started_at, claimed_by"
    " FROM event_queue WHERE status = 'processing' LIMIT ?3)"
    " WHERE processing_started_at < ?1 OR processing_started_at IS NULL"
    " OR claimed_by IS NULL"
    " OR claimed_by NOT IN (SELECT id FROM nodes WHERE heartbeat_at >= ?2)";
inline constexpr char oldest_due_of_lane[] =
    "SELECT not_before FROM event_queue"
    " WHERE status = 'pending' AND lane = ?2 AND not_before <= ?1"
    " ORDER BY not_before LIMIT 1";
inline constexpr char count_backlogs[] =
    "SELECT organization_id, count(*) FROM"
    " (SELECT organization_id FROM event_queue"
    "  WHERE status = 'pending' LIMIT ?1) GROUP BY organization_id";

// -- nodes -------------------------------------------------------------------

inline constexpr char forget_other_nodes[] = "DELETE FROM nodes WHERE id <> ?1";
inline constexpr char enlist[] =
    "INSERT INTO nodes (id, name, version, started_at, heartbeat_at)"
    " VALUES (?1, ?2, ?3, ?4, ?4)"
    " ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at";
inline constexpr char release_other_nodes[] =
    "UPDATE event_queue SET status = 'pending', claim_id = NULL,"
    " claimed_by = NULL, processing_started_at = NULL"
    " WHERE status = 'processing' AND claimed_by IS NOT ?1";
inline constexpr char heartbeat[] =
    "UPDATE nodes SET heartbeat_at = ?2, gate_version = max(gate_version, ?3)"
    " WHERE id = ?1";
inline constexpr char nodes[] =
    "SELECT id, name, version, gate_version, heartbeat_at FROM nodes"
    " ORDER BY name, id";
inline constexpr char forget_node[] = "DELETE FROM nodes WHERE id = ?1";
inline constexpr char release_node[] =
    "UPDATE event_queue SET status = 'pending', claim_id = NULL,"
    " claimed_by = NULL, processing_started_at = NULL"
    " WHERE status = 'processing' AND claimed_by = ?1";

// -- reading and acknowledging -----------------------------------------------

inline constexpr char find_queued[] =
    "SELECT status, type, payload, dedup_id, inserted_at, attempts, last_error"
    " FROM event_queue WHERE id = ?1 AND organization_id = ?2";
inline constexpr char find_stored[] =
    "SELECT type, payload, dedup_id, accepted_at, inserted_at"
    " FROM events WHERE id = ?1 AND organization_id = ?2";
inline constexpr char find_discarded[] =
    "SELECT type, payload, dedup_id, accepted_at, reason"
    " FROM discarded WHERE id = ?1 AND organization_id = ?2";
inline constexpr char deliveries_of[] =
    "SELECT id, endpoint_id, status, attempts, response_status, last_error,"
    " updated_at FROM event_deliveries"
    " WHERE event_id = ?1 AND organization_id = ?2 ORDER BY id";

// The index is (organization, status, id): a page of one status is a range
// of it; a page of all is a merge of six ranges, each already in order.
// clang-format off
#define SLUICE_INBOX_RANGE(status)                                             \
  "SELECT id, event_id, status, attempts FROM event_deliveries"                \
  " WHERE organization_id = ?1 AND status = " status " AND id > ?2"            \
  " AND next_attempt_at IS NULL"                                               \
  " AND endpoint_id IN (SELECT id FROM endpoints"                              \
  "  WHERE organization_id = ?1 AND kind = 'pull')"
#define SLUICE_INBOX_PAGE(ranges)                                              \
  "SELECT d.id, d.event_id, e.type, e.payload, e.dedup_id, e.accepted_at,"     \
  " e.inserted_at, d.status, d.attempts"                                       \
  " FROM (" ranges " ORDER BY id LIMIT ?3 OFFSET ?4) d"                        \
  " CROSS JOIN events e ON e.organization_id = ?1 AND e.id = d.event_id"       \
  " ORDER BY d.id"
inline constexpr char inbox_of_status[] =
    SLUICE_INBOX_PAGE(SLUICE_INBOX_RANGE("?5"));
inline constexpr char inbox_of_all[] = SLUICE_INBOX_PAGE(
    SLUICE_INBOX_RANGE("'pending'") " UNION ALL "
    SLUICE_INBOX_RANGE("'sending'") " UNION ALL "
    SLUICE_INBOX_RANGE("'delivered'") " UNION ALL "
    SLUICE_INBOX_RANGE("'failed'") " UNION ALL "
    SLUICE_INBOX_RANGE("'dead_letter'") " UNION ALL "
    SLUICE_INBOX_RANGE("'skipped'"));
#undef SLUICE_INBOX_PAGE
#undef SLUICE_INBOX_RANGE
// clang-format on

inline constexpr char acknowledge[] =
    "UPDATE event_deliveries SET status = 'delivered', updated_at = ?3"
    " WHERE event_id = ?1 AND organization_id = ?2 AND status <> 'delivered'"
    " AND endpoint_id IN (SELECT id FROM endpoints"
    "  WHERE organization_id = ?2 AND kind = 'pull')";
inline constexpr char is_in_inbox[] =
    "SELECT EXISTS (SELECT 1 FROM event_deliveries"
    " WHERE event_id = ?1 AND organization_id = ?2"
    " AND endpoint_id IN (SELECT id FROM endpoints"
    "  WHERE organization_id = ?2 AND kind = 'pull'))";

// -- organizations and keys --------------------------------------------------

inline constexpr char add_organization[] =
    "INSERT INTO organizations"
    " (id, name, tier, rate_limit_per_minute, inserted_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5)";
inline constexpr char add_inbox[] =
    "INSERT INTO endpoints (id, organization_id, kind, state, inserted_at)"
    " VALUES (?1, ?2, 'pull', 'active', ?3)";
inline constexpr char add_key[] =
    "INSERT INTO api_keys"
    " (id, organization_id, key_hash, prefix, expires_at, inserted_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
inline constexpr char find_key[] =
    "SELECT k.id, k.expires_at, o.id, o.name, o.tier, o.rate_limit_per_minute,"
    " o.inserted_at"
    " FROM api_keys k JOIN organizations o ON o.id = k.organization_id"
    " WHERE k.key_hash = ?1 AND (k.expires_at IS NULL OR k.expires_at > ?2)";
inline constexpr char keys_of[] =
    "SELECT id, key_hash, prefix, expires_at, inserted_at FROM api_keys"
    " WHERE organization_id = ?1 AND (expires_at IS NULL OR expires_at > ?2)"
    " ORDER BY inserted_at DESC, id DESC";
inline constexpr char expire_other_keys[] =
    "UPDATE api_keys SET expires_at = ?3 WHERE organization_id = ?1"
    " AND id <> ?2 AND (expires_at IS NULL OR expires_at > ?3)";

// -- control -----------------------------------------------------------------

inline constexpr char find_control[] =
    "SELECT value FROM control WHERE key = ?1";
inline constexpr char add_control[] =
    "INSERT INTO control (key, value, version, updated_at)"
    " VALUES (?1, ?2, 1, ?3)";

inline constexpr char add_to_audit_log[] =
    "INSERT INTO audit_log (at, actor, action, target, reason, detail)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

// -- gate --------------------------------------------------------------------

inline constexpr char gate_rows[] =
    "SELECT key, value FROM control WHERE key >= 'gate.' AND key < 'gate/'";
inline constexpr char forget_gate[] =
    "DELETE FROM control WHERE key >= 'gate.' AND key < 'gate/'";
inline constexpr char add_gate_row[] =
    "INSERT INTO control (key, value, version, updated_at)"
    " VALUES (?1, ?2, ?3, ?4)";
inline constexpr char gate_ingest[] =
    "SELECT value FROM control WHERE key = 'gate.ingest'";
inline constexpr char gate_processing[] =
    "SELECT value FROM control WHERE key = 'gate.processing'";
inline constexpr char is_anything_waiting[] =
    "SELECT EXISTS (SELECT 1 FROM event_queue WHERE status = 'pending')"
    " OR EXISTS (SELECT 1 FROM event_queue WHERE status = 'processing')";
inline constexpr char count_waiting[] =
    "SELECT (SELECT count(*) FROM event_queue WHERE status = 'pending')"
    " + (SELECT count(*) FROM event_queue WHERE status = 'processing')";
inline constexpr char count_quarantined[] =
    "SELECT count(*) FROM event_queue WHERE status = 'quarantined'";

// -- ledger ------------------------------------------------------------------

inline constexpr char ledger_position[] =
    "SELECT coalesce(max(seq), 0) FROM ledger";
inline constexpr char ledger_counts[] =
    "SELECT kind, sum(count) FROM ledger WHERE seq > ?1 GROUP BY kind";
inline constexpr char ledger_ids[] =
    "SELECT organization_id, kind, count, ids FROM ledger WHERE kind IN"
    " ('accepted', 'created', 'opening', 'adopted', 'written_off')";
// Of an organization and an id an index knows all; the queue has none for
// both, but it is short, and they stand first in its rows.
inline constexpr char event_ids[] = "SELECT organization_id, id FROM events";
inline constexpr char queue_ids[] =
    "SELECT organization_id, id FROM event_queue";
inline constexpr char discarded_ids[] =
    "SELECT organization_id, id FROM discarded";
inline constexpr char opening_of_events[] =
    "SELECT organization_id, id FROM events ORDER BY organization_id";
inline constexpr char opening_of_queue[] =
    "SELECT organization_id, id FROM event_queue ORDER BY organization_id";
inline constexpr char opening_of_discarded[] =
    "SELECT organization_id, id FROM discarded ORDER BY organization_id";
inline constexpr char doubled_owners[] =
    "SELECT q.organization_id FROM event_queue q WHERE EXISTS"
    "  (SELECT 1 FROM events e"
    "   WHERE e.organization_id = q.organization_id AND e.id = q.id)"
    " OR EXISTS (SELECT 1 FROM discarded d"
    "   WHERE d.organization_id = q.organization_id AND d.id = q.id)"
    " UNION SELECT d.organization_id FROM discarded d WHERE EXISTS"
    "  (SELECT 1 FROM events e"
    "   WHERE e.organization_id = d.organization_id AND e.id = d.id)";
inline constexpr char leave_queue[] =
    "DELETE FROM event_queue WHERE id = ?1 AND organization_id = ?2"
    " RETURNING status = 'quarantined'";
inline constexpr char leave_discarded[] =
    "DELETE FROM discarded WHERE id = ?1 AND organization_id = ?2"
    " AND EXISTS (SELECT 1 FROM events WHERE organization_id = ?2 AND id = ?1)";
// What the log has not is kept under another id.
inline constexpr char keep_queued[] =
    "INSERT INTO discarded (id, organization_id, type, payload, dedup_id,"
    " reason, discarded_by, discarded_at, accepted_at)"
    " SELECT ?3, q.organization_id, q.type, q.payload, q.dedup_id, ?4, ?5, ?6,"
    " q.inserted_at FROM event_queue q"
    " WHERE q.id = ?1 AND q.organization_id = ?2"
    " AND NOT EXISTS (SELECT 1 FROM events e WHERE e.organization_id = ?2"
    "  AND e.id = ?1 AND e.type = q.type AND e.payload = q.payload)"
    " AND NOT EXISTS (SELECT 1 FROM discarded d WHERE d.organization_id = ?2"
    "  AND d.id = ?1 AND d.type = q.type AND d.payload = q.payload)";
inline constexpr char keep_discarded[] =
    "UPDATE discarded SET id = ?3 WHERE id = ?1 AND organization_id = ?2"
    " AND EXISTS (SELECT 1 FROM events e WHERE e.organization_id = ?2"
    "  AND e.id = ?1 AND (e.type <> discarded.type"
    "   OR e.payload <> discarded.payload))";
inline constexpr char requeue[] =
    "UPDATE event_queue SET status = 'pending', attempts = 0,"
    " last_error = NULL, not_before = ?2"
    " WHERE id = ?1 AND status = 'quarantined' RETURNING organization_id";
inline constexpr char discard[] =
    "INSERT INTO discarded (id, organization_id, type, payload, dedup_id,"
    " reason, discarded_by, discarded_at, accepted_at)"
    " SELECT id, organization_id, type, payload, dedup_id, ?2, ?3, ?4,"
    " inserted_at FROM event_queue"
    " WHERE id = ?1 AND status IN ('pending', 'quarantined')";
inline constexpr char delete_discarded[] =
    "DELETE FROM event_queue"
    " WHERE id = ?1 AND status IN ('pending', 'quarantined')"
    " RETURNING organization_id, status = 'quarantined'";

} // namespace sluice::db::sqlite::sql
