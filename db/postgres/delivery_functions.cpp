#include "db/postgres/delivery_functions.hpp"

namespace sluice::db::postgres {

namespace {

// To begin a statement for each endpoint takes longer than to claim a few rows
// of it, and to plan it anew longer still, so there is one for all of them.
// Most of many endpoints have nothing due, and a look tells those that do.
// (EXISTS, here and below, would be a hash of the whole table.) Then one probe
// of an index for what was never tried, one for what was; the older of both
// come first. As in the claim of items, the planner must not read or sort what
// waits for an endpoint whatever its statistics say, and the rows are locked,
// so their addresses hold.
//
// A delivery without its event can never be sent, and would stand in the way
// of those behind it.
//
// The first column tells whether anything is claimed at present; a row without
// a delivery comes first.
constexpr char claim_function[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_claim_deliveries(fence uuid, node uuid,
  lease_us bigint, most integer, endpoints uuid[], shares integer[],
  now_is timestamptz)
RETURNS TABLE (paused boolean, delivery uuid, endpoint uuid, owner uuid,
  event uuid, kind text, body text, accepted_us bigint, tries integer)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off
SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $body$
DECLARE
  -- A look first at no more endpoints than these costs more than it saves.
  few CONSTANT integer := 16;
  moment CONSTANT timestamptz := coalesce(now_is, statement_timestamp());
BEGIN
  -- The gate, as for a claim of items: who turns it waits for us.
  PERFORM pg_advisory_xact_lock_shared(7595446950234196);
  paused := EXISTS (SELECT FROM control c WHERE c.key = 'gate.delivery'
    AND c.value = 'paused');
  RETURN NEXT;
  IF paused THEN
    RETURN;
  END IF;
  RETURN QUERY
  WITH asked AS MATERIALIZED (
    SELECT p.id, s.share
    FROM unnest(endpoints, shares) WITH ORDINALITY AS s (id, share, place)
      JOIN endpoints p ON p.id = s.id AND p.kind = 'push'
        AND p.state = 'active' AND p.mode = 'push' AND p.removed_at IS NULL
    WHERE cardinality(shares) <= few OR coalesce(
      (SELECT true FROM event_deliveries d
        WHERE d.status = 'pending' AND d.endpoint_id = s.id
          AND d.next_attempt_at <= moment
        ORDER BY d.next_attempt_at LIMIT 1),
      (SELECT true FROM event_deliveries d
        WHERE d.status = 'failed' AND d.endpoint_id = s.id
          AND d.next_attempt_at <= moment
        ORDER BY d.next_attempt_at LIMIT 1))
    ORDER BY s.place),
  chosen AS MATERIALIZED (
    SELECT oldest.place
    FROM asked CROSS JOIN LATERAL (
      SELECT due.place
      FROM (
        SELECT fresh.* FROM (
          SELECT d.ctid AS place, d.next_attempt_at AS since
          FROM event_deliveries d
          WHERE d.status = 'pending' AND d.endpoint_id = asked.id
            AND d.next_attempt_at <= moment
          ORDER BY d.next_attempt_at LIMIT asked.share
          FOR UPDATE SKIP LOCKED) AS fresh
        UNION ALL
        SELECT again.* FROM (
          SELECT d.ctid AS place, d.next_attempt_at AS since
          FROM event_deliveries d
          WHERE d.status = 'failed' AND d.endpoint_id = asked.id
            AND d.next_attempt_at <= moment
          ORDER BY d.next_attempt_at LIMIT asked.share
          FOR UPDATE SKIP LOCKED) AS again) AS due
      ORDER BY due.since LIMIT asked.share) AS oldest
    LIMIT most),
  held AS (
    UPDATE event_deliveries d SET attempts = d.attempts + 1,
      status = coalesce((SELECT 'sending' FROM events e
        WHERE e.organization_id = d.organization_id AND e.id = d.event_id),
        'skipped'),
      claim_id = fence, claimed_by = node,
      lease_until = moment + lease_us * interval '1 microsecond'
    WHERE d.ctid = ANY (ARRAY (SELECT c.place FROM chosen c))
    RETURNING d.id, d.endpoint_id, d.organization_id, d.event_id, d.attempts)
  SELECT false, h.id, h.endpoint_id, h.organization_id, h.event_id, e.type,
    e.payload, (extract(epoch FROM e.accepted_at) * 1000000)::bigint,
    h.attempts
  FROM held h JOIN events e
    ON e.organization_id = h.organization_id AND e.id = h.event_id;
END $body$;
)sql";

// A result that comes twice is taken once. What was returned counts for
// nothing, so that it waits as what it was before. Returns how many results
// were taken.
//
// CASE hides the status: a plan that was made while the table was empty would
// look through all that is being sent for each result, by the index of those.
constexpr char record_function[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_record_deliveries(attempt_ids uuid[],
  ids uuid[], owners uuid[], fences uuid[], kinds text[], waits_us bigint[],
  begun_us bigint[], lasted_us bigint[], answers integer[], reasons text[],
  heads bytea[], now_is timestamptz)
RETURNS integer
LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off
SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $body$
DECLARE
  moment CONSTANT timestamptz := coalesce(now_is, statement_timestamp());
  recorded integer;
BEGIN
  WITH told AS MATERIALIZED (
    SELECT * FROM unnest(attempt_ids, ids, owners, fences, kinds, waits_us,
      begun_us, lasted_us, answers, reasons, heads) AS t (attempt, id, owner,
        fence, what, wait_us, begun_us, lasted_us, answered, reason, head)),
  kept AS (
    UPDATE event_deliveries d SET
      status = CASE t.what WHEN 'delivered' THEN 'delivered'
        WHEN 'retry' THEN 'failed' WHEN 'dead_letter' THEN 'dead_letter'
        ELSE CASE WHEN d.attempts > 1 THEN 'failed' ELSE 'pending' END END,
      attempts = CASE t.what WHEN 'returned' THEN greatest(d.attempts - 1, 0)
        ELSE d.attempts END,
      next_attempt_at = CASE WHEN t.what IN ('retry', 'returned')
        THEN moment + t.wait_us * interval '1 microsecond'
        ELSE d.next_attempt_at END,
      response_status = CASE t.what WHEN 'returned' THEN d.response_status
        ELSE t.answered END,
      last_error = CASE t.what WHEN 'returned' THEN d.last_error
        ELSE nullif(t.reason, '') END,
      claim_id = NULL, claimed_by = NULL, lease_until = NULL,
      updated_at = moment
    FROM told t
    WHERE d.organization_id = t.owner AND d.id = t.id
      AND CASE WHEN d.status = 'sending'
        THEN d.claimed_by IS NOT NULL AND d.claim_id = t.fence END
    RETURNING t.*),
  tried AS (
    INSERT INTO delivery_attempts (id, organization_id, delivery_id,
      attempted_at, duration_us, response_status, error, response_head)
    SELECT k.attempt, k.owner, k.id,
      moment - k.begun_us * interval '1 microsecond', k.lasted_us, k.answered,
      nullif(k.reason, ''), nullif(k.head, ''::bytea)
    FROM kept k WHERE k.what <> 'returned')
  SELECT count(*) INTO recorded FROM kept;
  RETURN recorded;
END $body$;
)sql";

} // namespace

std::string functions_of_deliveries() {
  return std::string(claim_function) + record_function;
}

} // namespace sluice::db::postgres
