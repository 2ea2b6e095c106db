#pragma once

/// The statements of webhooks and of their deliveries. "Now" and times are as
/// in `queries.hpp`.
namespace sluice::db::postgres::sql {

// -- endpoints ---------------------------------------------------------------

inline constexpr char count_endpoints[] =
    "SELECT count(*), coalesce(bool_or(is_default), false) FROM endpoints"
    " WHERE organization_id = $1::uuid AND kind = 'push'"
    " AND removed_at IS NULL";
// Lists come as JSON; types that end in `*` are kept as prefixes as well.
inline constexpr char create_endpoint[] = R"sql(
WITH types AS (
  SELECT entry FROM jsonb_array_elements_text($4::jsonb) AS t (entry))
INSERT INTO endpoints (id, organization_id, kind, url, event_types,
  event_prefixes, description, headers, secrets, max_in_flight,
  rate_per_second, state, state_reason, is_default, version, inserted_at,
  updated_at, mode, was_pulled)
SELECT $1::uuid, $2::uuid, 'push', $3::text,
  CASE WHEN EXISTS (SELECT FROM types) THEN ARRAY (SELECT entry FROM types) END,
  ARRAY (SELECT left(entry, -1) FROM types WHERE right(entry, 1) = '*'),
  $5::text, $6::text, $7::text, $8::int, $9::int, $10::text, $11::text,
  $12::boolean, 1, coalesce($13::timestamptz, statement_timestamp()),
  coalesce($13::timestamptz, statement_timestamp()), $14::text,
  $14::text = 'pull')sql";
inline constexpr char save_endpoint[] = R"sql(
WITH types AS (
  SELECT entry FROM jsonb_array_elements_text($4::jsonb) AS t (entry))
UPDATE endpoints SET url = $3::text,
  event_types = CASE WHEN EXISTS (SELECT FROM types)
    THEN ARRAY (SELECT entry FROM types) END,
  event_prefixes =
    ARRAY (SELECT left(entry, -1) FROM types WHERE right(entry, 1) = '*'),
  description = $5::text, headers = $6::text, secrets = $7::text,
  max_in_flight = $8::int, rate_per_second = $9::int, state = $10::text,
  state_reason = $11::text, is_default = $12::boolean, version = version + 1,
  failing_since = CASE WHEN $10::text = 'active' AND state <> 'active'
    THEN NULL ELSE failing_since END,
  updated_at = coalesce($13::timestamptz, statement_timestamp()),
  mode = $14::text, was_pulled = was_pulled OR $14::text = 'pull'
WHERE id = $1::uuid AND organization_id = $2::uuid AND kind = 'push'
  AND removed_at IS NULL AND version = $15::bigint)sql";
inline constexpr char remove_endpoint[] = R"sql(
UPDATE endpoints SET version = version + 1,
  removed_at = coalesce($3::timestamptz, statement_timestamp()),
  updated_at = coalesce($3::timestamptz, statement_timestamp())
WHERE id = $1::uuid AND organization_id = $2::uuid AND kind = 'push'
  AND removed_at IS NULL)sql";
// What follows says which.
inline constexpr char look_at_endpoints[] = R"sql(
SELECT id, organization_id, url, coalesce(to_jsonb(event_types), '[]')::text,
  description, headers, secrets, max_in_flight, rate_per_second, state,
  state_reason, is_default, version,
  (extract(epoch FROM failing_since) * 1000000)::bigint,
  (extract(epoch FROM inserted_at) * 1000000)::bigint,
  (extract(epoch FROM coalesce(updated_at, inserted_at)) * 1000000)::bigint,
  mode
FROM endpoints WHERE kind = 'push' AND removed_at IS NULL AND )sql";
inline constexpr char of_owner[] =
    "organization_id = $1::uuid ORDER BY endpoints.inserted_at, id";
inline constexpr char of_id[] = "organization_id = $1::uuid AND id = $2::uuid";
inline constexpr char that_are_active[] =
    "state = 'active' AND mode = 'push' ORDER BY id";

inline constexpr char note_well[] =
    "UPDATE endpoints SET failing_since = NULL WHERE id = $1::uuid"
    " AND organization_id = $2::uuid AND failing_since IS NOT NULL";
inline constexpr char note_failing[] =
    "UPDATE endpoints SET"
    " failing_since = coalesce($3::timestamptz, statement_timestamp())"
    " WHERE id = $1::uuid AND organization_id = $2::uuid AND kind = 'push'"
    " AND failing_since IS NULL";
inline constexpr char park_endpoint[] =
    "UPDATE endpoints SET state = 'parked', state_reason = $4::text,"
    " version = version + 1,"
    " updated_at = coalesce($3::timestamptz, statement_timestamp())"
    " WHERE id = $1::uuid AND organization_id = $2::uuid AND kind = 'push'"
    " AND state = 'active' AND removed_at IS NULL";

// -- deliveries --------------------------------------------------------------

// $1: microseconds since a heartbeat.
inline constexpr char rescue_deliveries[] = R"sql(
WITH stuck AS MATERIALIZED (
  SELECT d.ctid FROM event_deliveries d
  WHERE d.status = 'sending' AND d.claimed_by IS NOT NULL
    AND (d.lease_until IS NULL
      OR d.lease_until < coalesce($4::timestamptz, statement_timestamp())
      OR NOT EXISTS (SELECT FROM nodes n
        WHERE n.id = d.claimed_by
          AND n.heartbeat_at >= coalesce($4::timestamptz,
            statement_timestamp()) - $1::bigint * interval '1 microsecond'))
  ORDER BY d.lease_until LIMIT $3::int FOR UPDATE OF d SKIP LOCKED)
UPDATE event_deliveries SET
  status = CASE WHEN attempts >= $2::int THEN 'dead_letter' ELSE 'failed' END,
  last_error = 'rescued: held by ' || coalesce(claimed_by::text, 'nobody')
    || ' without a result' || CASE WHEN attempts >= $2::int
      THEN ', after ' || attempts || ' attempts' ELSE '' END,
  next_attempt_at = coalesce($4::timestamptz, statement_timestamp()),
  claim_id = NULL, claimed_by = NULL, lease_until = NULL,
  updated_at = coalesce($4::timestamptz, statement_timestamp())
WHERE ctid = ANY (ARRAY (SELECT ctid FROM stuck)))sql";
// What pullers left to endpoints that are pulled from no more.
inline constexpr char rescue_pulls[] = R"sql(
WITH left_over AS MATERIALIZED (
  SELECT w.place
  FROM (SELECT id FROM endpoints WHERE was_pulled
      AND (mode = 'push' OR removed_at IS NOT NULL)) AS p
    CROSS JOIN LATERAL (
      SELECT d.ctid AS place FROM event_deliveries d
      WHERE d.status = 'sending' AND d.claimed_by IS NULL
        AND d.endpoint_id = p.id
        AND coalesce(d.lease_until, '-infinity')
          <= coalesce($2::timestamptz, statement_timestamp())
      ORDER BY coalesce(d.lease_until, '-infinity') LIMIT $1::int
      FOR UPDATE SKIP LOCKED) AS w
  LIMIT $1::int)
UPDATE event_deliveries SET
  status = CASE WHEN attempts > 0 THEN 'failed' ELSE 'pending' END,
  next_attempt_at = coalesce($2::timestamptz, statement_timestamp()),
  claim_id = NULL, claimed_by = NULL, lease_until = NULL,
  updated_at = coalesce($2::timestamptz, statement_timestamp())
WHERE ctid = ANY (ARRAY (SELECT place FROM left_over)))sql";

inline constexpr char skip_removed[] = R"sql(
WITH waiting AS MATERIALIZED (
  SELECT w.place FROM (VALUES ('pending'), ('failed')) AS s (status)
    CROSS JOIN (SELECT id FROM endpoints WHERE removed_at IS NOT NULL) AS p
    CROSS JOIN LATERAL (
      SELECT d.ctid AS place FROM event_deliveries d
      WHERE d.status = s.status AND d.status IN ('pending', 'failed')
        AND d.endpoint_id = p.id AND d.next_attempt_at IS NOT NULL
      ORDER BY d.next_attempt_at LIMIT $1::int FOR UPDATE SKIP LOCKED) AS w
  LIMIT $1::int)
UPDATE event_deliveries SET status = 'skipped',
  updated_at = coalesce($2::timestamptz, statement_timestamp())
WHERE ctid = ANY (ARRAY (SELECT place FROM waiting)))sql";

inline constexpr char attempts_of_event[] = R"sql(
SELECT a.delivery_id, d.endpoint_id,
  (extract(epoch FROM a.attempted_at) * 1000000)::bigint, a.duration_us,
  a.response_status, coalesce(a.error, ''), encode(a.response_head, 'hex')
FROM event_deliveries d JOIN delivery_attempts a
  ON a.organization_id = d.organization_id AND a.delivery_id = d.id
WHERE d.organization_id = $1::uuid AND d.event_id = $2::uuid
ORDER BY a.attempted_at, a.id LIMIT $3::int)sql";

// Each ORDER BY is that of a partial index.
inline constexpr char count_deliveries[] = R"sql(
SELECT
  (SELECT count(*) FROM (SELECT FROM event_deliveries
    WHERE status = 'pending' AND next_attempt_at IS NOT NULL
    ORDER BY status, endpoint_id, next_attempt_at LIMIT $1::int) AS pending),
  (SELECT count(*) FROM (SELECT FROM event_deliveries
    WHERE status = 'sending' AND claimed_by IS NOT NULL
    ORDER BY lease_until LIMIT $1::int) AS sending),
  (SELECT count(*) FROM (SELECT FROM event_deliveries
    WHERE status = 'failed' AND next_attempt_at IS NOT NULL
    ORDER BY status, endpoint_id, next_attempt_at LIMIT $1::int) AS failing),
  (SELECT count(*) FROM (SELECT FROM event_deliveries
    WHERE status = 'dead_letter'
    ORDER BY organization_id, id LIMIT $1::int) AS dead))sql";

// -- replay ------------------------------------------------------------------

// So many deliveries are looked at, in the order of their ids, and so many of
// those that fit are chosen. $1: owner; $2: endpoint; $3, $4: times; $5: after;
// $6: to be chosen; $7: to be looked at; $8: an id behind which nothing fits.
#define SLUICE_LOOK_AT(which)                                                  \
  "WITH looked AS MATERIALIZED ("                                              \
  " SELECT d.id, d.next_attempt_at IS NOT NULL"                                \
  "  AND d.status IN ('delivered', 'dead_letter', 'skipped')"                  \
  "  AND ($2::uuid IS NULL OR d.endpoint_id = $2::uuid)"                       \
  "  AND ($3::timestamptz IS NULL OR d.inserted_at >= $3::timestamptz)"        \
  "  AND ($4::timestamptz IS NULL OR d.inserted_at < $4::timestamptz)"         \
  "  AND EXISTS (SELECT FROM endpoints e WHERE e.id = d.endpoint_id"           \
  "   AND e.kind = 'push' AND e.removed_at IS NULL) AS fits"                   \
  " FROM event_deliveries d WHERE d.organization_id = $1::uuid"                \
  " AND ($5::uuid IS NULL OR d.id > $5::uuid)"                                 \
  " AND ($8::uuid IS NULL OR d.id < $8::uuid)" which                           \
  " ORDER BY d.id LIMIT $7::int),"                                             \
  " chosen AS (SELECT id FROM looked WHERE fits ORDER BY id LIMIT $6::int),"   \
  " reach AS (SELECT CASE WHEN (SELECT count(*) FROM chosen) = $6::int"        \
  "   THEN (SELECT id FROM chosen ORDER BY id DESC LIMIT 1)"                   \
  "   ELSE (SELECT id FROM looked ORDER BY id DESC LIMIT 1) END AS last)"      \
  " SELECT c.id, r.last, (SELECT count(*) FROM looked) = $7::int"              \
  "  OR EXISTS (SELECT FROM looked l WHERE l.id > r.last),"                    \
  " (SELECT count(*) FROM looked l WHERE l.id <= r.last)::int"                 \
  " FROM reach r LEFT JOIN chosen c ON true"
inline constexpr char look_at_all[] = SLUICE_LOOK_AT("");
inline constexpr char look_at_dead[] =
    SLUICE_LOOK_AT(" AND d.status = 'dead_letter'");
// $9: the event.
inline constexpr char look_at_event[] =
    SLUICE_LOOK_AT(" AND d.event_id = $9::uuid");
inline constexpr char look_at_dead_of_event[] =
    SLUICE_LOOK_AT(" AND d.event_id = $9::uuid AND d.status = 'dead_letter'");
#undef SLUICE_LOOK_AT

inline constexpr char replay[] = R"sql(
UPDATE event_deliveries SET status = 'pending', attempts = 0,
  response_status = NULL, last_error = NULL, claim_id = NULL,
  claimed_by = NULL, lease_until = NULL,
  next_attempt_at = coalesce($3::timestamptz, statement_timestamp()),
  updated_at = coalesce($3::timestamptz, statement_timestamp())
WHERE organization_id = $1::uuid AND id = ANY ($2::uuid[])
  AND status IN ('delivered', 'dead_letter', 'skipped'))sql";

} // namespace sluice::db::postgres::sql
