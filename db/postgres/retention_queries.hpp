#pragma once

/// The statements that remove what is old. "Now" and times are as in
/// `queries.hpp`.
namespace sluice::db::postgres::sql {

inline constexpr char next_organization[] =
    "SELECT id FROM organizations WHERE id > $1::uuid ORDER BY id LIMIT 1";
// $1: milliseconds; an id that is no older, and the time itself.
inline constexpr char horizon[] = R"sql(
SELECT (extract(epoch FROM coalesce($2::timestamptz, statement_timestamp())
    - $1::bigint * interval '1 ms') * 1000000)::bigint)sql";
inline constexpr char prune_events[] = R"sql(
SELECT events, deliveries, attempts, reached FROM sluice_prune_events($1::uuid,
  $2::uuid, $3::uuid, $4::timestamptz, $5::int, $6::int, $7::timestamptz))sql";
inline constexpr char prune_deliveries[] = R"sql(
SELECT 0, deliveries, attempts, reached FROM sluice_prune_deliveries($1::uuid,
  $2::uuid, $3::uuid, $4::timestamptz, $5::int, $6::int))sql";

// Keys that ended at $1 or later, and before $2: $3 are looked at, and $4 of
// them removed. Times as microseconds.
inline constexpr char prune_keys[] = R"sql(
WITH seen AS MATERIALIZED (
  SELECT k.organization_id AS owner, k.scope, k.dedup_id, k.event_id,
    k.expires_at FROM dedup_keys k
  WHERE k.expires_at >= $1::timestamptz AND k.expires_at < $2::timestamptz
  ORDER BY k.expires_at LIMIT $3::int),
chosen AS MATERIALIZED (
  SELECT s.owner, s.scope, s.dedup_id, s.expires_at FROM seen s
  WHERE NOT EXISTS (SELECT FROM event_queue q
    WHERE q.organization_id = s.owner AND q.id = s.event_id)
  ORDER BY s.expires_at LIMIT $4::int),
held AS MATERIALIZED (
  SELECT k.organization_id AS owner, k.scope, k.dedup_id
  FROM chosen c JOIN dedup_keys k ON k.organization_id = c.owner
    AND k.scope = c.scope AND k.dedup_id = c.dedup_id
  WHERE k.expires_at < $2::timestamptz FOR UPDATE OF k SKIP LOCKED),
gone AS (
  DELETE FROM dedup_keys k USING held h
  WHERE k.organization_id = h.owner AND k.scope = h.scope
    AND k.dedup_id = h.dedup_id
  RETURNING 1)
SELECT (SELECT count(*) FROM gone)::int,
  (extract(epoch FROM CASE WHEN (SELECT count(*) FROM chosen) = $4::int
      THEN (SELECT max(expires_at) FROM chosen)
      WHEN (SELECT count(*) FROM seen) = $3::int
      THEN (SELECT max(expires_at) FROM seen) END) * 1000000)::bigint)sql";
// Goes with BEGIN, and keeps the planner from reading a whole table; the gate
// is entered, because the ledger is written.
inline constexpr char begin_removal[] =
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off"
    "; SET LOCAL enable_mergejoin = off"
    "; SELECT pg_advisory_xact_lock_shared(7595446950234196)";

} // namespace sluice::db::postgres::sql
