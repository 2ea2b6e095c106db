#pragma once

/// Every statement that sessions run. `coalesce($n::timestamptz,
/// statement_timestamp())` is "now": the test's clock, or the database's.
/// Times come back as microseconds since the epoch.
namespace sluice::db::postgres::sql {

// -- connecting --------------------------------------------------------------

inline constexpr char inspect_server[] = R"sql(
SELECT current_setting('server_version_num')::int, pg_is_in_recovery(),
  current_setting('server_encoding'),
  to_regclass('schema_migrations') IS NOT NULL,
  current_setting('fsync'), current_setting('full_page_writes'),
  current_setting('synchronous_commit'))sql";
inline constexpr char latest_migration[] =
    "SELECT coalesce(max(version), 0) FROM schema_migrations";
inline constexpr char create_migrations[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    " version integer PRIMARY KEY, applied_at timestamptz NOT NULL)";
inline constexpr char record_migration[] =
    "INSERT INTO schema_migrations (version, applied_at)"
    " VALUES ($1::int, statement_timestamp())";
inline constexpr char lock_migrations[] =
    "SELECT pg_advisory_xact_lock(7595446950234195)";

// -- intake ------------------------------------------------------------------

// The caller sends each key once and in order, so that two batches with the
// same keys wait for each other rather than for ever. A key that is held is
// taken over when it has expired and its event has left the queue.
inline constexpr char take_keys[] = R"sql(
INSERT INTO dedup_keys AS held
  (organization_id, scope, dedup_id, event_id, body_hash, expires_at)
SELECT organization_id, scope, dedup_id, event_id, body_hash,
  coalesce($7::timestamptz, statement_timestamp()) + $6::bigint * interval '1 s'
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bytea[])
  AS asked (organization_id, scope, dedup_id, event_id, body_hash)
ON CONFLICT (organization_id, scope, dedup_id) DO UPDATE SET
  event_id = excluded.event_id, body_hash = excluded.body_hash,
  expires_at = excluded.expires_at
WHERE held.expires_at <= coalesce($7::timestamptz, statement_timestamp())
  AND NOT EXISTS (SELECT FROM event_queue q
    WHERE q.organization_id = held.organization_id AND q.id = held.event_id)
RETURNING event_id)sql";
// A statement of its own: it sees what the insert above had to wait for.
inline constexpr char find_holders[] = R"sql(
SELECT asked.position, held.event_id, held.body_hash
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[])
  AS asked (organization_id, scope, dedup_id, position)
JOIN dedup_keys held USING (organization_id, scope, dedup_id))sql";

inline constexpr char accept[] = R"sql(
SELECT * FROM sluice_accept($1::uuid[], $2::uuid[], $3::text[], $4::text[],
  $5::text[], $6::smallint[], $7::timestamptz))sql";

// -- resolving ---------------------------------------------------------------

inline constexpr char take_transaction_id[] = "SELECT txid_current()";
inline constexpr char try_lock[] =
    "SELECT pg_try_advisory_xact_lock($1::bigint)";
inline constexpr char wait_a_moment[] = "SELECT pg_sleep(0.02)";
inline constexpr char wait_for_lock[] =
    "SELECT pg_advisory_xact_lock($1::bigint)";
inline constexpr char end_lock_holder[] = R"sql(
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND database = (SELECT oid FROM pg_database
    WHERE datname = current_database())
  AND classid::bigint = ($1::bigint >> 32) & 4294967295
  AND objid::bigint = $1::bigint & 4294967295
  AND pid <> pg_backend_pid())sql";
inline constexpr char is_known_event[] = R"sql(
SELECT EXISTS (SELECT FROM event_queue
    WHERE organization_id = $1::uuid AND id = $2::uuid)
  OR EXISTS (SELECT FROM events
    WHERE organization_id = $1::uuid AND id = $2::uuid)
  OR EXISTS (SELECT FROM discarded
    WHERE organization_id = $1::uuid AND id = $2::uuid))sql";
inline constexpr char is_fence_left[] = R"sql(
SELECT NOT EXISTS (SELECT FROM event_queue
  WHERE claim_id = $1::uuid AND status = 'processing'
    AND (cardinality($2::uuid[]) = 0 OR id = ANY ($2::uuid[]))))sql";
inline constexpr char is_fence_set[] = R"sql(
SELECT EXISTS (SELECT FROM event_queue
  WHERE claim_id = $1::uuid AND status = 'processing'))sql";
inline constexpr char is_organization_there[] =
    "SELECT EXISTS (SELECT FROM organizations WHERE id = $1::uuid)";
inline constexpr char is_key_there[] =
    "SELECT EXISTS (SELECT FROM api_keys WHERE id = $1::uuid)";
inline constexpr char is_node_there[] =
    "SELECT EXISTS (SELECT FROM nodes WHERE id = $1::uuid)";
inline constexpr char is_node_gone[] =
    "SELECT NOT EXISTS (SELECT FROM nodes WHERE id = $1::uuid)";
inline constexpr char is_audited[] =
    "SELECT EXISTS (SELECT FROM audit_log"
    " WHERE detail LIKE '%act=' || $1::uuid::text)";

// -- queue -------------------------------------------------------------------

inline constexpr char is_claiming_paused[] =
    "SELECT EXISTS (SELECT FROM control WHERE key = 'gate.processing'"
    " AND value IN ('paused', 'drained'))";
inline constexpr char claim_of_owner[] = R"sql(
WITH due AS MATERIALIZED (
  SELECT ctid FROM event_queue
  WHERE organization_id = $3::uuid AND status = 'pending'
    AND not_before <= coalesce($5::timestamptz, statement_timestamp())
  LIMIT $4::int FOR UPDATE SKIP LOCKED)
UPDATE event_queue SET status = 'processing', claim_id = $1::uuid,
  claimed_by = $2::uuid::text,
  processing_started_at = coalesce($5::timestamptz, statement_timestamp())
WHERE ctid = ANY (ARRAY (SELECT ctid FROM due))
RETURNING id, attempts)sql";
inline constexpr char fail_items[] = R"sql(
WITH failed AS (
  UPDATE event_queue q SET attempts = q.attempts + 1, last_error = f.reason,
    status = CASE WHEN f.retry_us IS NULL THEN 'quarantined'
      ELSE 'pending' END,
    not_before = CASE WHEN f.retry_us IS NULL THEN q.not_before
      ELSE coalesce($5::timestamptz, statement_timestamp())
        + f.retry_us * interval '1 microsecond' END,
    claim_id = NULL, claimed_by = NULL, processing_started_at = NULL
  FROM unnest($2::uuid[], $3::text[], $4::bigint[])
    AS f (id, reason, retry_us)
  WHERE q.claim_id = $1::uuid AND q.status = 'processing' AND q.id = f.id
  RETURNING q.status)
SELECT count(*) FILTER (WHERE status = 'pending'),
  count(*) FILTER (WHERE status = 'quarantined')
FROM failed)sql";
inline constexpr char release_items[] = R"sql(
UPDATE event_queue SET status = 'pending', claim_id = NULL,
  claimed_by = NULL, processing_started_at = NULL
WHERE claim_id = $1::uuid AND status = 'processing'
  AND (cardinality($2::uuid[]) = 0 OR id = ANY ($2::uuid[])))sql";
inline constexpr char rescue_items[] = R"sql(
WITH stuck AS MATERIALIZED (
  SELECT q.ctid FROM event_queue q
  WHERE q.status = 'processing'
    AND (q.processing_started_at IS NULL OR q.claimed_by IS NULL
      OR q.processing_started_at < coalesce($4::timestamptz,
        statement_timestamp()) - $1::bigint * interval '1 microsecond'
      OR NOT EXISTS (SELECT FROM nodes n
        WHERE n.id::text = q.claimed_by
          AND n.heartbeat_at >= coalesce($4::timestamptz,
            statement_timestamp()) - $2::bigint * interval '1 microsecond'))
  LIMIT 10000 FOR UPDATE OF q SKIP LOCKED),
taken AS (
  UPDATE event_queue SET attempts = attempts + 1,
    status = CASE WHEN attempts + 1 >= $3::int THEN 'quarantined'
      ELSE 'pending' END,
    last_error = 'rescued: held by ' || coalesce(claimed_by, 'nobody')
      || ' without a result',
    not_before = coalesce($4::timestamptz, statement_timestamp()),
    claim_id = NULL, claimed_by = NULL, processing_started_at = NULL
  WHERE ctid = ANY (ARRAY (SELECT ctid FROM stuck))
  RETURNING status)
SELECT count(*) FILTER (WHERE status = 'pending'),
  count(*) FILTER (WHERE status = 'quarantined')
FROM taken)sql";
// Each ORDER BY is that of a partial index, to be read instead of the table.
inline constexpr char queue_depth[] = R"sql(
SELECT
  (SELECT count(*) FROM (SELECT FROM event_queue WHERE status = 'pending'
    ORDER BY lane, not_before, id LIMIT $1::bigint) AS pending),
  (SELECT count(*) FROM (SELECT FROM event_queue WHERE status = 'processing'
    ORDER BY claim_id LIMIT $1::bigint) AS processing),
  (SELECT count(*) FROM (SELECT FROM event_queue WHERE status = 'quarantined'
    ORDER BY organization_id, id LIMIT $1::bigint) AS quarantined),
  (SELECT count(*) FROM (SELECT processing_started_at, claimed_by
      FROM event_queue WHERE $3::bigint IS NOT NULL AND status = 'processing'
      ORDER BY claim_id LIMIT least($1::bigint, $5::bigint)) AS q
    WHERE q.processing_started_at IS NULL OR q.claimed_by IS NULL
      OR q.processing_started_at < coalesce($2::timestamptz,
        statement_timestamp()) - $3::bigint * interval '1 microsecond'
      OR NOT EXISTS (SELECT FROM nodes n
        WHERE n.id::text = q.claimed_by
          AND n.heartbeat_at >= coalesce($2::timestamptz,
            statement_timestamp()) - $4::bigint * interval '1 microsecond')),
  (SELECT max((extract(epoch FROM coalesce($2::timestamptz,
      statement_timestamp()) - oldest.not_before) * 1000000)::bigint)
    FROM (VALUES (0), (1), (2), (3)) AS lanes (lane),
      LATERAL (SELECT q.not_before FROM event_queue q
        WHERE q.status = 'pending' AND q.lane = lanes.lane
          AND q.not_before <= coalesce($2::timestamptz, statement_timestamp())
        ORDER BY q.not_before, q.id LIMIT 1) AS oldest))sql";
inline constexpr char count_backlogs[] = R"sql(
SELECT organization_id, count(*) FROM (
  SELECT organization_id FROM event_queue WHERE status = 'pending'
  ORDER BY lane, not_before, id LIMIT $1::bigint) AS pending
GROUP BY organization_id)sql";

// -- nodes -------------------------------------------------------------------

inline constexpr char enlist[] = R"sql(
WITH earlier AS (
  DELETE FROM nodes WHERE name = $2::text AND id <> $1::uuid RETURNING id),
self AS (
  INSERT INTO nodes (id, name, version, started_at, heartbeat_at)
  VALUES ($1::uuid, $2::text, $3::text,
    coalesce($4::timestamptz, statement_timestamp()),
    coalesce($4::timestamptz, statement_timestamp()))
  ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at),
freed AS (
  UPDATE event_queue SET status = 'pending', claim_id = NULL,
    claimed_by = NULL, processing_started_at = NULL
  WHERE status = 'processing'
    AND claimed_by IN (SELECT id::text FROM earlier)
  RETURNING 1),
unsent AS (
  UPDATE event_deliveries SET status = 'failed', claim_id = NULL,
    claimed_by = NULL, lease_until = NULL, last_error = 'its sender ended',
    next_attempt_at = coalesce($4::timestamptz, statement_timestamp()),
    updated_at = coalesce($4::timestamptz, statement_timestamp())
  WHERE status = 'sending' AND claimed_by IN (SELECT id FROM earlier))
SELECT count(*) FROM freed)sql";
inline constexpr char heartbeat[] =
    "UPDATE nodes SET gate_version = greatest(gate_version, $3::bigint),"
    " heartbeat_at = coalesce($2::timestamptz, statement_timestamp())"
    " WHERE id = $1::uuid";
inline constexpr char nodes[] = R"sql(
SELECT id, name, version, gate_version,
  (extract(epoch FROM coalesce($1::timestamptz, statement_timestamp())
    - heartbeat_at) * 1000000)::bigint
FROM nodes ORDER BY name, id)sql";
inline constexpr char retire[] = R"sql(
WITH self AS (DELETE FROM nodes WHERE id = $1::uuid),
freed AS (
  UPDATE event_queue SET status = 'pending', claim_id = NULL,
    claimed_by = NULL, processing_started_at = NULL
  WHERE status = 'processing' AND claimed_by = $1::uuid::text
  RETURNING 1),
unsent AS (
  UPDATE event_deliveries SET status = 'failed', claim_id = NULL,
    claimed_by = NULL, lease_until = NULL, last_error = 'its sender ended',
    next_attempt_at = coalesce($2::timestamptz, statement_timestamp()),
    updated_at = coalesce($2::timestamptz, statement_timestamp())
  WHERE status = 'sending' AND claimed_by = $1::uuid)
SELECT count(*) FROM freed)sql";

// -- reading and acknowledging -----------------------------------------------

// One statement, so one snapshot: an event that moves meanwhile is found in
// one place. The first row is the event; its deliveries follow.
inline constexpr char find_event[] = R"sql(
SELECT 0 AS part, status AS place, type, payload, dedup_id, attempts,
  last_error, (extract(epoch FROM inserted_at) * 1000000)::bigint AS at,
  NULL::bigint AS stored_at, NULL::uuid AS delivery, NULL::uuid AS endpoint,
  NULL::int AS response_status
FROM event_queue WHERE organization_id = $1::uuid AND id = $2::uuid
UNION ALL
SELECT 0, 'stored', type, payload, dedup_id, 0, NULL,
  (extract(epoch FROM accepted_at) * 1000000)::bigint,
  (extract(epoch FROM inserted_at) * 1000000)::bigint, NULL, NULL, NULL
FROM events WHERE organization_id = $1::uuid AND id = $2::uuid
UNION ALL
SELECT 0, 'discarded', type, payload, dedup_id, 0, reason,
  (extract(epoch FROM accepted_at) * 1000000)::bigint, NULL, NULL, NULL, NULL
FROM discarded WHERE organization_id = $1::uuid AND id = $2::uuid
UNION ALL
SELECT 1, status, NULL, NULL, NULL, attempts, last_error,
  (extract(epoch FROM updated_at) * 1000000)::bigint, NULL, id, endpoint_id,
  response_status
FROM event_deliveries
WHERE organization_id = $1::uuid AND event_id = $2::uuid
ORDER BY part, delivery)sql";
// The page is cut before the payloads are fetched.
inline constexpr char inbox[] = R"sql(
WITH page AS MATERIALIZED (
  SELECT id, event_id, status, attempts FROM event_deliveries
  WHERE organization_id = $1::uuid AND ($2::text IS NULL OR status = $2::text)
    AND next_attempt_at IS NULL AND ($3::uuid IS NULL OR id > $3::uuid)
    AND endpoint_id IN (SELECT id FROM endpoints
      WHERE organization_id = $1::uuid AND kind = 'pull')
  ORDER BY id LIMIT $5::int OFFSET $4::int)
SELECT page.id, e.id, e.type, e.payload, e.dedup_id,
  (extract(epoch FROM e.accepted_at) * 1000000)::bigint,
  (extract(epoch FROM e.inserted_at) * 1000000)::bigint,
  page.status, page.attempts
FROM page JOIN events e
  ON e.organization_id = $1::uuid AND e.id = page.event_id
ORDER BY page.id)sql";
inline constexpr char acknowledge[] = R"sql(
WITH inboxes AS (
  SELECT id FROM endpoints WHERE organization_id = $1::uuid AND kind = 'pull'),
done AS (
  UPDATE event_deliveries SET status = 'delivered',
    updated_at = coalesce($3::timestamptz, statement_timestamp())
  WHERE organization_id = $1::uuid AND event_id = ANY ($2::uuid[])
    AND endpoint_id IN (SELECT id FROM inboxes) AND status <> 'delivered'
  RETURNING event_id)
SELECT event_id, true FROM done
UNION ALL
SELECT event_id, false FROM event_deliveries
WHERE organization_id = $1::uuid AND event_id = ANY ($2::uuid[])
  AND endpoint_id IN (SELECT id FROM inboxes))sql";

// -- organizations and keys --------------------------------------------------

inline constexpr char create_organization[] = R"sql(
WITH owner AS (
  INSERT INTO organizations
    (id, name, tier, rate_limit_per_minute, inserted_at)
  VALUES ($1::uuid, $2::text, $3::text, $4::int, $5::timestamptz)),
inbox AS (
  INSERT INTO endpoints (id, organization_id, kind, state, inserted_at)
  VALUES ($6::uuid, $1::uuid, 'pull', 'active', $5::timestamptz))
INSERT INTO api_keys
  (id, organization_id, key_hash, prefix, expires_at, inserted_at)
VALUES ($7::uuid, $1::uuid, $8::bytea, $9::text, $10::timestamptz,
  $11::timestamptz))sql";
inline constexpr char find_key[] = R"sql(
SELECT k.id, (extract(epoch FROM k.expires_at) * 1000000)::bigint, o.id,
  o.name, o.tier, o.rate_limit_per_minute,
  (extract(epoch FROM o.inserted_at) * 1000000)::bigint
FROM api_keys k JOIN organizations o ON o.id = k.organization_id
WHERE k.key_hash = $1::bytea AND (k.expires_at IS NULL
  OR k.expires_at > coalesce($2::timestamptz, statement_timestamp())))sql";
inline constexpr char keys_of[] = R"sql(
SELECT id, encode(key_hash, 'hex'), prefix,
  (extract(epoch FROM expires_at) * 1000000)::bigint,
  (extract(epoch FROM inserted_at) * 1000000)::bigint
FROM api_keys
WHERE organization_id = $1::uuid AND (expires_at IS NULL
  OR expires_at > coalesce($2::timestamptz, statement_timestamp()))
ORDER BY api_keys.inserted_at DESC, id DESC)sql";
// Two rotations at once would each leave the other's key alone.
inline constexpr char lock_organization[] =
    "SELECT FROM organizations WHERE id = $1::uuid FOR NO KEY UPDATE";
inline constexpr char rotate_key[] = R"sql(
WITH others AS (
  UPDATE api_keys SET
    expires_at = coalesce($7::timestamptz, statement_timestamp())
      + $8::bigint * interval '1 s'
  WHERE organization_id = $2::uuid AND id <> $1::uuid
    AND (expires_at IS NULL
      OR expires_at > coalesce($7::timestamptz, statement_timestamp())
        + $8::bigint * interval '1 s'))
INSERT INTO api_keys
  (id, organization_id, key_hash, prefix, expires_at, inserted_at)
VALUES ($1::uuid, $2::uuid, $3::bytea, $4::text, $5::timestamptz,
  $6::timestamptz))sql";

// -- control -----------------------------------------------------------------

inline constexpr char find_control[] =
    "SELECT value FROM control WHERE key = $1::text";
inline constexpr char add_control[] =
    "INSERT INTO control (key, value, version, updated_at)"
    " VALUES ($1::text, $2::text, 1,"
    " coalesce($3::timestamptz, statement_timestamp()))"
    " ON CONFLICT (key) DO NOTHING";

} // namespace sluice::db::postgres::sql
