#include "db/postgres/delivery_functions.hpp"

namespace sluice::db::postgres {

namespace {

// Most of many endpoints have nothing due: one statement finds those that do,
// because to begin a statement for each takes longer than its look, and to plan
// it anew longer still. (EXISTS would be a hash of all that is due.) Then one
// probe of an index for what was never tried, one for what was; the older of
// both come first. As in the claim of items, the planner must not read or sort
// what waits for an endpoint whatever its statistics say, and the rows are
// locked, so their addresses hold.
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
  moment CONSTANT timestamptz := coalesce(now_is, statement_timestamp());
  free integer := most;
  wanted integer;
  taken integer;
  target uuid;
  share integer;
BEGIN
  -- The gate, as for a claim of items: who turns it waits for us.
  PERFORM pg_advisory_xact_lock_shared(7595446950234196);
  paused := EXISTS (SELECT FROM control c WHERE c.key = 'gate.delivery'
    AND c.value = 'paused');
  RETURN NEXT;
  IF paused THEN
    RETURN;
  END IF;
  FOR target, share IN
    SELECT p.id, s.most
    FROM unnest(endpoints, shares) WITH ORDINALITY AS s (id, most, place)
      JOIN endpoints p ON p.id = s.id AND p.kind = 'push'
        AND p.state = 'active' AND p.removed_at IS NULL
    WHERE coalesce(
      (SELECT true FROM event_deliveries d
        WHERE d.status = 'pending' AND d.endpoint_id = s.id
          AND d.next_attempt_at <= moment
        ORDER BY d.next_attempt_at LIMIT 1),
      (SELECT true FROM event_deliveries d
        WHERE d.status = 'failed' AND d.endpoint_id = s.id
          AND d.next_attempt_at <= moment
        ORDER BY d.next_attempt_at LIMIT 1))
    ORDER BY s.place
  LOOP
    EXIT WHEN free <= 0;
    wanted := least(share, free);
    RETURN QUERY
    WITH fresh AS MATERIALIZED (
      SELECT d.ctid AS place, d.next_attempt_at AS due
      FROM event_deliveries d
      WHERE d.status = 'pending' AND d.endpoint_id = target
        AND d.next_attempt_at <= moment
      ORDER BY d.next_attempt_at LIMIT wanted FOR UPDATE SKIP LOCKED),
    again AS MATERIALIZED (
      SELECT d.ctid AS place, d.next_attempt_at AS due
      FROM event_deliveries d
      WHERE d.status = 'failed' AND d.endpoint_id = target
        AND d.next_attempt_at <= moment
      ORDER BY d.next_attempt_at LIMIT wanted FOR UPDATE SKIP LOCKED),
    oldest AS MATERIALIZED (
      SELECT a.place FROM (SELECT * FROM fresh UNION ALL SELECT * FROM again)
        AS a
      ORDER BY a.due LIMIT wanted),
    held AS (
      UPDATE event_deliveries d SET attempts = d.attempts + 1,
        status = CASE WHEN EXISTS (SELECT FROM events e
            WHERE e.organization_id = d.organization_id
              AND e.id = d.event_id)
          THEN 'sending' ELSE 'skipped' END,
        claim_id = fence, claimed_by = node,
        lease_until = moment + lease_us * interval '1 microsecond'
      WHERE d.ctid = ANY (ARRAY (SELECT o.place FROM oldest o))
      RETURNING d.id, d.organization_id, d.event_id, d.attempts)
    SELECT false, h.id, target, h.organization_id, h.event_id, e.type,
      e.payload, (extract(epoch FROM e.accepted_at) * 1000000)::bigint,
      h.attempts
    FROM held h JOIN events e
      ON e.organization_id = h.organization_id AND e.id = h.event_id;
    GET DIAGNOSTICS taken = ROW_COUNT;
    free := free - taken;
  END LOOP;
END $body$;
)sql";

} // namespace

std::string claim_of_deliveries() {
  return claim_function;
}

} // namespace sluice::db::postgres
