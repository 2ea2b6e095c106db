#include "db/postgres/pull_functions.hpp"

namespace sluice::db::postgres {

namespace {

// One probe of an index for what nobody holds (for an endpoint two: what was
// never sent, and what was), one for what was held too long; the oldest of all
// come first. As in other claims, the planner must not read or sort all that
// waits, whatever its statistics say, and the rows are locked, so their
// addresses hold.
//
// The first row, without a delivery, tells what is claimed from, since when
// and until when.
constexpr char pull_function[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_pull(fence uuid, payer uuid, target uuid,
  most integer, lease_us bigint, now_is timestamptz)
RETURNS TABLE (source text, began_us bigint, until_us bigint, delivery uuid,
  event uuid, kind text, body text, dedup text, accepted_us bigint,
  stored_us bigint, tries integer)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off
SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $body$
DECLARE
  moment CONSTANT timestamptz := coalesce(now_is, statement_timestamp());
  is_inbox CONSTANT boolean := target IS NULL;
  places tid[];
BEGIN
  IF is_inbox THEN
    SELECT p.id, 'pull' INTO target, source FROM endpoints p
    WHERE p.organization_id = payer AND p.kind = 'pull' LIMIT 1;
  ELSE
    SELECT p.mode INTO source FROM endpoints p
    WHERE p.id = target AND p.organization_id = payer AND p.kind = 'push'
      AND p.removed_at IS NULL;
  END IF;
  began_us := (extract(epoch FROM moment) * 1000000)::bigint;
  until_us := began_us + lease_us;
  RETURN NEXT;
  IF source IS DISTINCT FROM 'pull' THEN
    RETURN;
  END IF;
  IF is_inbox THEN
    WITH fresh AS MATERIALIZED (
      SELECT d.ctid AS place, d.id FROM event_deliveries d
      WHERE d.organization_id = payer AND d.status = 'pending'
        AND d.next_attempt_at IS NULL
      ORDER BY d.id LIMIT most FOR UPDATE SKIP LOCKED),
    lapsed AS MATERIALIZED (
      SELECT d.ctid AS place, d.id FROM event_deliveries d
      WHERE d.status = 'sending' AND d.claimed_by IS NULL
        AND d.endpoint_id = target
        AND coalesce(d.lease_until, '-infinity') <= moment
      ORDER BY coalesce(d.lease_until, '-infinity') LIMIT most
      FOR UPDATE SKIP LOCKED)
    SELECT array_agg(o.place) INTO places FROM (
      SELECT a.place FROM (SELECT * FROM fresh UNION ALL SELECT * FROM lapsed)
        AS a
      ORDER BY a.id LIMIT most) AS o;
  ELSE
    WITH fresh AS MATERIALIZED (
      SELECT d.ctid AS place, d.next_attempt_at AS due
      FROM event_deliveries d
      WHERE d.status = 'pending' AND d.endpoint_id = target
        AND d.next_attempt_at IS NOT NULL
      ORDER BY d.next_attempt_at LIMIT most FOR UPDATE SKIP LOCKED),
    again AS MATERIALIZED (
      SELECT d.ctid AS place, d.next_attempt_at AS due
      FROM event_deliveries d
      WHERE d.status = 'failed' AND d.endpoint_id = target
        AND d.next_attempt_at IS NOT NULL
      ORDER BY d.next_attempt_at LIMIT most FOR UPDATE SKIP LOCKED),
    lapsed AS MATERIALIZED (
      SELECT d.ctid AS place, d.next_attempt_at AS due
      FROM event_deliveries d
      WHERE d.status = 'sending' AND d.claimed_by IS NULL
        AND d.endpoint_id = target
        AND coalesce(d.lease_until, '-infinity') <= moment
      ORDER BY coalesce(d.lease_until, '-infinity') LIMIT most
      FOR UPDATE SKIP LOCKED)
    SELECT array_agg(o.place) INTO places FROM (
      SELECT a.place FROM (SELECT * FROM fresh UNION ALL SELECT * FROM again
        UNION ALL SELECT * FROM lapsed) AS a
      ORDER BY a.due LIMIT most) AS o;
  END IF;
  RETURN QUERY
  WITH held AS (
    UPDATE event_deliveries d SET
      attempts = d.attempts + CASE WHEN is_inbox THEN 1 ELSE 0 END,
      status = CASE WHEN EXISTS (SELECT FROM events e
          WHERE e.organization_id = d.organization_id AND e.id = d.event_id)
        THEN 'sending' ELSE 'skipped' END,
      claim_id = fence, claimed_by = NULL,
      lease_until = moment + lease_us * interval '1 microsecond',
      updated_at = moment
    WHERE d.ctid = ANY (places)
    RETURNING d.id, d.organization_id, d.event_id, d.attempts,
      d.next_attempt_at)
  SELECT NULL::text, NULL::bigint, NULL::bigint, h.id, h.event_id, e.type,
    e.payload, e.dedup_id, (extract(epoch FROM e.accepted_at) * 1000000)::bigint,
    (extract(epoch FROM e.inserted_at) * 1000000)::bigint, h.attempts
  FROM held h JOIN events e
    ON e.organization_id = h.organization_id AND e.id = h.event_id
  ORDER BY h.next_attempt_at, h.id;
END $body$;
)sql";

} // namespace

std::string claim_of_pulls() {
  return pull_function;
}

} // namespace sluice::db::postgres
