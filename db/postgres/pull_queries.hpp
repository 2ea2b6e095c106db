#pragma once

/// The statements of receivers who fetch, and of the log in its order. "Now"
/// and times are as in `queries.hpp`.
namespace sluice::db::postgres::sql {

// -- what a claim wants ------------------------------------------------------

// $1: owner; $2: fence; $3: events, none: all; $4: now; $5: microseconds of a
// lease. First comes until when such a lease lasts, then what was changed, then
// how the others stood before.
#define SLUICE_CHANGE_PULLS(change, condition)                                 \
  "WITH changed AS (UPDATE event_deliveries d SET " change ","                 \
  " updated_at = coalesce($4::timestamptz, statement_timestamp())"             \
  " WHERE d.organization_id = $1::uuid AND d.claim_id = $2::uuid"              \
  "  AND d.status = 'sending' AND d.claimed_by IS NULL"                        \
  "  AND (cardinality($3::uuid[]) = 0 OR d.event_id = ANY ($3::uuid[]))"       \
  "  " condition " RETURNING d.event_id)"                                      \
  " SELECT NULL::uuid, 'until',"                                               \
  "  (extract(epoch FROM coalesce($4::timestamptz, statement_timestamp()))"    \
  "   * 1000000)::bigint + $5::bigint"                                         \
  " UNION ALL SELECT c.event_id, 'done', NULL FROM changed c"                  \
  " UNION ALL SELECT d.event_id, CASE WHEN d.status = 'delivered'"             \
  "   AND d.claim_id = $2::uuid THEN 'delivered' ELSE 'lost' END, NULL"        \
  "  FROM event_deliveries d WHERE d.organization_id = $1::uuid"               \
  "   AND (d.event_id = ANY ($3::uuid[])"                                      \
  "    OR cardinality($3::uuid[]) = 0 AND d.claim_id = $2::uuid"               \
  "     AND d.status = 'sending' AND d.claimed_by IS NULL)"
// Who acknowledged it stays known, so that it can be asked again.
inline constexpr char acknowledge_pulls[] =
    SLUICE_CHANGE_PULLS("status = 'delivered', lease_until = NULL", "");
inline constexpr char release_pulls[] = SLUICE_CHANGE_PULLS(
    "status = CASE WHEN d.attempts > 0 AND d.next_attempt_at IS NOT NULL"
    " THEN 'failed' ELSE 'pending' END, claim_id = NULL, lease_until = NULL",
    "");
inline constexpr char extend_pulls[] = SLUICE_CHANGE_PULLS(
    "lease_until = coalesce($4::timestamptz, statement_timestamp())"
    " + $5::bigint * interval '1 microsecond'",
    "AND d.lease_until > coalesce($4::timestamptz, statement_timestamp())");
#undef SLUICE_CHANGE_PULLS

// -- the log -----------------------------------------------------------------

// $1: owner; $2, $3: behind which place; $4: type; $5: what types begin with;
// $6: since; $7: events at the most; $8: events that are looked at. Part 0
// tells how many were looked at, and below which position nothing is written
// any more; part 1 where the looks ended; part 2 are the events.
#define SLUICE_READ_LOG(where, direction)                                      \
  "WITH looked AS MATERIALIZED ("                                              \
  " SELECT e.position, e.id, e.inserted_at,"                                   \
  "  ($4::text IS NULL OR e.type = $4::text)"                                  \
  "  AND ($5::text IS NULL OR e.type ^@ $5::text)"                             \
  "  AND ($6::timestamptz IS NULL OR e.inserted_at >= $6::timestamptz)"        \
  "  AS fits"                                                                  \
  " FROM events e WHERE e.organization_id = $1::uuid AND " where               \
  " ORDER BY e.position " direction ", e.id " direction " LIMIT $8::int),"     \
  " chosen AS MATERIALIZED (SELECT position, id FROM looked WHERE fits"        \
  "  ORDER BY position " direction ", id " direction " LIMIT $7::int)"         \
  " SELECT 0, pg_snapshot_xmin(pg_current_snapshot())::text, NULL::uuid,"      \
  "  (SELECT count(*) FROM looked), NULL, NULL, NULL, NULL::bigint"            \
  " UNION ALL (SELECT 1, l.position::text, l.id,"                              \
  "  (extract(epoch FROM l.inserted_at) * 1000000)::bigint,"                   \
  "  NULL, NULL, NULL, NULL::bigint FROM looked l"                             \
  "  ORDER BY l.position " direction " , l.id " direction                      \
  "  OFFSET greatest((SELECT count(*) FROM looked) - 1, 0))"                   \
  " UNION ALL (SELECT 2, c.position::text, e.id,"                              \
  "  (extract(epoch FROM e.inserted_at) * 1000000)::bigint, e.type,"           \
  "  e.payload, e.dedup_id,"                                                   \
  "  (extract(epoch FROM e.accepted_at) * 1000000)::bigint"                    \
  "  FROM chosen c JOIN events e"                                              \
  "   ON e.organization_id = $1::uuid AND e.id = c.id"                         \
  "  ORDER BY c.position " direction ", c.id " direction ")"
inline constexpr char read_log_up[] =
    SLUICE_READ_LOG("(e.position, e.id) > ($2::xid8, $3::uuid)"
                    " AND e.position < pg_snapshot_xmin(pg_current_snapshot())",
                    "ASC");
inline constexpr char read_log_down[] =
    SLUICE_READ_LOG("(e.position, e.id) < ($2::xid8, $3::uuid)", "DESC");
#undef SLUICE_READ_LOG

} // namespace sluice::db::postgres::sql
