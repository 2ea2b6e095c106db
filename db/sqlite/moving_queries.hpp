#pragma once

/// The statements that bring items from the queue into the log, with their
/// deliveries. Times are parameters.
namespace sluice::db::sqlite::sql {

// Of the items `q` that are meant, at the time ?1. CROSS JOIN fixes the order
// of the joins.
#define SLUICE_STORE_EVENTS                                                    \
  "INSERT INTO events"                                                         \
  " (id, organization_id, type, payload, dedup_id, inserted_at, accepted_at,"  \
  " position) SELECT q.id, q.organization_id, q.type, q.payload, q.dedup_id,"  \
  " ?1, q.inserted_at, (SELECT last FROM event_positions) FROM event_queue q"  \
  " WHERE "
#define SLUICE_ADD_DELIVERIES(owner, event)                                    \
  "INSERT INTO event_deliveries (id, organization_id, event_id,"               \
  " endpoint_id, status, attempts, next_attempt_at, inserted_at, updated_at)"  \
  " SELECT delivery_id(" event "),"                                            \
  " " owner ", " event ", e.id, 'pending', 0,"                                 \
  " CASE e.kind WHEN 'push' THEN ?1 END, ?1, ?1"
/// Whether the endpoint `e` gets an event of this type: an entry is the type,
/// or what it begins with and a `*`.
#define SLUICE_TAKES(type)                                                     \
  "e.removed_at IS NULL AND (e.event_types IS NULL OR EXISTS"                  \
  " (SELECT 1 FROM json_each(e.event_types) t WHERE t.value = " type           \
  "  OR (substr(t.value, -1) = '*' AND substr(" type                           \
  ", 1, length(t.value) - 1) = substr(t.value, 1, length(t.value) - 1))))"
#define SLUICE_STORE_DELIVERIES                                                \
  SLUICE_ADD_DELIVERIES("q.organization_id", "q.id")                           \
  " FROM event_queue q"                                                        \
  " CROSS JOIN endpoints e ON e.organization_id = q.organization_id"           \
  " AND " SLUICE_TAKES("q.type") " WHERE "

/// The items that still carry the fence ?2.
#define SLUICE_CLAIMED "q.claim_id = ?2 AND q.status = 'processing'"
/// Those of the rows that the JSON array ?3 lists. The plus keeps SQLite from
/// looking through the whole claim.
#define SLUICE_RUN                                                             \
  "q.rowid IN (SELECT value FROM json_each(?3))"                               \
  " AND +q.claim_id = ?2 AND q.status = 'processing'"
/// The first ?3 items that are due in the lane ?2.
#define SLUICE_DUE_IN_LANE                                                     \
  " FROM event_queue WHERE status = 'pending' AND lane = ?2"                   \
  " AND not_before <= ?1 ORDER BY not_before LIMIT ?3"
#define SLUICE_DUE "q.rowid IN (SELECT rowid" SLUICE_DUE_IN_LANE ")"

/// Once in each transaction that writes events, before it does.
inline constexpr char next_position[] =
    "UPDATE event_positions SET last = last + 1";
inline constexpr char create_deliveries[] = SLUICE_ADD_DELIVERIES(
    "?2", "?3") " FROM endpoints e WHERE e.organization_id = ?2"
                " AND " SLUICE_TAKES("?4");
/// Those that an event in the log lacks.
inline constexpr char complete_deliveries[] = SLUICE_ADD_DELIVERIES(
    "?2", "?3") " FROM events f CROSS JOIN endpoints e"
                " ON e.organization_id = ?2"
                " WHERE f.organization_id = ?2"
                " AND f.id = ?3"
                " AND " SLUICE_TAKES("f.type") " ON CONFLICT DO NOTHING";

// -- a claim, whole ----------------------------------------------------------

inline constexpr char store_events[] = SLUICE_STORE_EVENTS SLUICE_CLAIMED;
inline constexpr char store_deliveries[] =
    SLUICE_STORE_DELIVERIES SLUICE_CLAIMED;
inline constexpr char moved_items[] =
    "SELECT organization_id, claimed_by FROM event_queue"
    " WHERE claim_id = ?1 AND status = 'processing'";
inline constexpr char delete_moved[] =
    "DELETE FROM event_queue WHERE claim_id = ?1 AND status = 'processing'";

// -- some items of a claim ---------------------------------------------------

inline constexpr char claimed_item[] =
    "SELECT rowid, organization_id, claimed_by, length(CAST(payload AS BLOB))"
    " FROM event_queue"
    " WHERE id = ?2 AND claim_id = ?1 AND status = 'processing'";
inline constexpr char store_events_of_run[] = SLUICE_STORE_EVENTS SLUICE_RUN;
inline constexpr char store_deliveries_of_run[] =
    SLUICE_STORE_DELIVERIES SLUICE_RUN;
inline constexpr char delete_run[] =
    "DELETE FROM event_queue"
    " WHERE rowid IN (SELECT value FROM json_each(?1))"
    " AND +claim_id = ?2 AND status = 'processing'";
inline constexpr char begin_run[] = "SAVEPOINT run";
inline constexpr char keep_run[] = "RELEASE run";
inline constexpr char undo_run[] = "ROLLBACK TO run";

// -- what is due, without a claim --------------------------------------------

inline constexpr char due_items[] =
    "SELECT id, attempts, organization_id, rowid" SLUICE_DUE_IN_LANE;
inline constexpr char store_due_events[] = SLUICE_STORE_EVENTS SLUICE_DUE;
inline constexpr char store_due_deliveries[] =
    SLUICE_STORE_DELIVERIES SLUICE_DUE;
/// As `due_rows` counts.
inline constexpr char count_due[] =
    "SELECT count(*), coalesce(sum(row % 4294967296), 0)"
    " FROM (SELECT rowid AS row" SLUICE_DUE_IN_LANE ")";
inline constexpr char delete_due[] =
    "DELETE FROM event_queue AS q WHERE " SLUICE_DUE;

#undef SLUICE_STORE_EVENTS
#undef SLUICE_ADD_DELIVERIES
#undef SLUICE_TAKES
#undef SLUICE_STORE_DELIVERIES
#undef SLUICE_CLAIMED
#undef SLUICE_RUN
#undef SLUICE_DUE_IN_LANE
#undef SLUICE_DUE

} // namespace sluice::db::sqlite::sql
