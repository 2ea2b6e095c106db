#pragma once

/// The statements of the gate and of an operator's acts on items. "Now" and
/// times are as in `queries.hpp`.
namespace sluice::db::postgres::sql {

// One row at least: the time.
inline constexpr char gate_rows[] = R"sql(
SELECT (extract(epoch FROM coalesce($1::timestamptz, statement_timestamp()))
    * 1000000)::bigint, c.key, c.value
FROM (SELECT) AS once LEFT JOIN control c ON starts_with(c.key, 'gate.')
  OR c.key = 'settings.version')sql";
inline constexpr char close_gate[] = "SELECT sluice_close_gate($1::bigint)";
// For a call that writes the ledger without changing the gate.
inline constexpr char enter_gate[] =
    "SELECT pg_advisory_xact_lock_shared(7595446950234196)";
inline constexpr char save_gate[] = R"sql(
WITH gone AS (
  DELETE FROM control
  WHERE starts_with(key, 'gate.') AND key <> ALL ($1::text[]))
INSERT INTO control (key, value, version, updated_at)
SELECT key, value, $3::bigint,
  coalesce($4::timestamptz, statement_timestamp())
FROM unnest($1::text[], $2::text[]) AS fresh (key, value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value,
  version = excluded.version, updated_at = excluded.updated_at)sql";
inline constexpr char audit[] = R"sql(
INSERT INTO audit_log (at, actor, action, target, reason, detail)
VALUES (coalesce($1::timestamptz, statement_timestamp()), $2::text, $3::text,
  $4::text, $5::text, $6::text))sql";

inline constexpr char is_queue_busy[] = R"sql(
SELECT EXISTS (SELECT FROM event_queue WHERE status = 'pending')
  OR EXISTS (SELECT FROM event_queue WHERE status = 'processing'))sql";
inline constexpr char count_queue[] = R"sql(
SELECT (SELECT coalesce(max(seq), 0) FROM ledger),
  count(*) FILTER (WHERE status <> 'quarantined'),
  count(*) FILTER (WHERE status = 'quarantined')
FROM event_queue)sql";
inline constexpr char ledger_counts[] =
    "SELECT kind, sum(count)::bigint FROM ledger WHERE seq > $1::bigint"
    " GROUP BY kind";

// What leaves quarantine has a kind of its own: a drain counts it apart.
inline constexpr char requeue[] = R"sql(
WITH back AS (
  UPDATE event_queue SET status = 'pending', attempts = 0, last_error = NULL,
    not_before = coalesce($2::timestamptz, statement_timestamp()),
    claim_id = NULL, claimed_by = NULL, processing_started_at = NULL
  WHERE status = 'quarantined' AND id = ANY ($1::uuid[])
  RETURNING id, organization_id),
booked AS (
  INSERT INTO ledger (at, kind, count, organization_id)
  SELECT coalesce($2::timestamptz, statement_timestamp()), 'requeued',
    count(*), organization_id
  FROM back GROUP BY organization_id)
SELECT id FROM back ORDER BY id)sql";
inline constexpr char discard[] = R"sql(
WITH gone AS (
  DELETE FROM event_queue
  WHERE status IN ('pending', 'quarantined') AND id = ANY ($1::uuid[])
  RETURNING id, organization_id, type, payload, dedup_id, status,
    inserted_at),
kept AS (
  INSERT INTO discarded (id, organization_id, type, payload, dedup_id, reason,
    discarded_by, discarded_at, accepted_at)
  SELECT id, organization_id, type, payload, dedup_id, $3::text, $4::text,
    coalesce($2::timestamptz, statement_timestamp()), inserted_at
  FROM gone),
booked AS (
  INSERT INTO ledger (at, kind, count, organization_id)
  SELECT coalesce($2::timestamptz, statement_timestamp()),
    CASE status WHEN 'pending' THEN 'discarded'
      ELSE 'discarded_quarantined' END, count(*), organization_id
  FROM gone GROUP BY status, organization_id)
SELECT id FROM gone ORDER BY id)sql";

} // namespace sluice::db::postgres::sql
