#include "db/postgres/retention_functions.hpp"

namespace sluice::db::postgres {

namespace {

// The planner must not read or join a whole table, whatever its statistics say.
#define SLUICE_BY_INDEX                                                        \
  "LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off"      \
  " SET enable_hashjoin = off SET enable_mergejoin = off"                      \
  " SET plan_cache_mode = force_generic_plan AS $body$\n"

// One organization's events behind `after`, in the order of their ids, which
// is that of their age: so many are looked at, so many are removed. Rows are
// locked before they are judged for good, and what others hold is passed over:
// an event goes only when all that belongs to it was locked, and is settled.
//
// `reached` is where the next call begins; null: there was nothing else.
constexpr char prune_events[] =
    "CREATE OR REPLACE FUNCTION sluice_prune_events(owner uuid, after uuid,"
    " before uuid, horizon timestamptz, looks integer, most integer,"
    " now_is timestamptz, OUT events integer, OUT deliveries integer,"
    " OUT attempts integer, OUT reached uuid) " SLUICE_BY_INDEX
    R"sql(
DECLARE
  seen uuid[];
  chosen uuid[];
  parts uuid[];
  parts_of uuid[];
  held uuid[];
BEGIN
  events := 0;
  deliveries := 0;
  attempts := 0;
  seen := ARRAY (SELECT e.id FROM events e
    WHERE e.organization_id = owner AND e.id > after AND e.id < before
    ORDER BY e.id LIMIT looks);
  IF cardinality(seen) = 0 THEN
    RETURN;
  END IF;
  chosen := ARRAY (SELECT e.id FROM unnest(seen) AS s (id)
      JOIN events e ON e.organization_id = owner AND e.id = s.id
    WHERE e.inserted_at < horizon
      AND NOT EXISTS (SELECT FROM event_queue q
        WHERE q.organization_id = owner AND q.id = e.id)
      AND NOT EXISTS (SELECT FROM discarded x
        WHERE x.organization_id = owner AND x.id = e.id)
      AND NOT EXISTS (SELECT FROM event_deliveries d
        WHERE d.organization_id = owner AND d.event_id = e.id
          AND d.next_attempt_at IS NOT NULL
          AND d.status IN ('pending', 'failed', 'sending'))
      AND (NOT EXISTS (SELECT FROM event_deliveries d
          WHERE d.organization_id = owner AND d.event_id = e.id
            AND d.next_attempt_at IS NULL
            AND d.status IN ('pending', 'failed', 'sending')
            AND NOT d.arrived_elsewhere)
        OR EXISTS (SELECT FROM event_deliveries d
          WHERE d.organization_id = owner AND d.event_id = e.id
            AND d.next_attempt_at IS NOT NULL AND d.status = 'delivered'))
    ORDER BY s.id LIMIT most FOR UPDATE OF e SKIP LOCKED);
  IF cardinality(chosen) = most THEN
    reached := chosen[most];
  ELSIF cardinality(seen) = looks THEN
    reached := seen[looks];
  END IF;
  SELECT array_agg(p.id), array_agg(p.event_id) INTO parts, parts_of
  FROM (SELECT d.id, d.event_id FROM unnest(chosen) AS o (id)
      JOIN event_deliveries d ON d.organization_id = owner
        AND d.event_id = o.id
    WHERE d.next_attempt_at IS NULL
      OR d.status IN ('delivered', 'skipped', 'dead_letter')
    FOR UPDATE OF d SKIP LOCKED) AS p;
  held := ARRAY (SELECT d.event_id FROM unnest(chosen) AS o (id)
      JOIN event_deliveries d ON d.organization_id = owner
        AND d.event_id = o.id
    EXCEPT ALL SELECT unnest(parts_of));
  IF cardinality(held) > 0 THEN
    chosen := ARRAY (SELECT o.id FROM unnest(chosen) AS o (id)
      WHERE o.id <> ALL (held));
    parts := ARRAY (SELECT p.id FROM unnest(parts, parts_of) AS p (id, event)
      WHERE p.event <> ALL (held));
  END IF;
  DELETE FROM delivery_attempts a USING unnest(parts) AS p (id)
  WHERE a.organization_id = owner AND a.delivery_id = p.id;
  GET DIAGNOSTICS attempts = ROW_COUNT;
  DELETE FROM event_deliveries d USING unnest(parts) AS p (id)
  WHERE d.organization_id = owner AND d.id = p.id;
  GET DIAGNOSTICS deliveries = ROW_COUNT;
  WITH gone AS (
    DELETE FROM events e USING unnest(chosen) AS o (id)
    WHERE e.organization_id = owner AND e.id = o.id
    RETURNING e.id),
  booked AS (
    INSERT INTO ledger (at, kind, count, organization_id, ids)
    SELECT coalesce(now_is, statement_timestamp()), 'written_off', count(*),
      owner, array_agg(g.id ORDER BY g.id)
    FROM gone g HAVING count(*) > 0)
  SELECT count(*) INTO events FROM gone;
END $body$;
)sql";

// As above, for deliveries whose event stays. A place in the inbox that is to
// let go of its event is locked first, because who acknowledges holds many.
constexpr char prune_deliveries[] =
    "CREATE OR REPLACE FUNCTION sluice_prune_deliveries(owner uuid, after uuid,"
    " before uuid, horizon timestamptz, looks integer, most integer,"
    " OUT deliveries integer, OUT attempts integer, OUT reached uuid)"
    " " SLUICE_BY_INDEX R"sql(
DECLARE
  seen uuid[];
  chosen uuid[];
  places uuid[];
  places_of uuid[];
  held uuid[];
BEGIN
  deliveries := 0;
  attempts := 0;
  seen := ARRAY (SELECT d.id FROM event_deliveries d
    WHERE d.organization_id = owner AND d.id > after AND d.id < before
    ORDER BY d.id LIMIT looks);
  IF cardinality(seen) = 0 THEN
    RETURN;
  END IF;
  chosen := ARRAY (SELECT d.id FROM unnest(seen) AS s (id)
      JOIN event_deliveries d ON d.organization_id = owner AND d.id = s.id
    WHERE d.next_attempt_at IS NOT NULL AND d.updated_at < horizon
      AND d.status IN ('delivered', 'skipped', 'dead_letter')
    ORDER BY s.id LIMIT most FOR UPDATE OF d SKIP LOCKED);
  IF cardinality(chosen) = most THEN
    reached := chosen[most];
  ELSIF cardinality(seen) = looks THEN
    reached := seen[looks];
  END IF;
  SELECT array_agg(p.id), array_agg(p.event_id) INTO places, places_of
  FROM (SELECT i.id, i.event_id FROM unnest(chosen) AS o (id)
      JOIN event_deliveries d ON d.organization_id = owner AND d.id = o.id
      JOIN event_deliveries i ON i.organization_id = owner
        AND i.event_id = d.event_id
    WHERE d.status = 'delivered' AND i.next_attempt_at IS NULL
      AND i.status <> 'delivered' AND NOT i.arrived_elsewhere
    FOR UPDATE OF i SKIP LOCKED) AS p;
  held := ARRAY (SELECT i.event_id FROM unnest(chosen) AS o (id)
      JOIN event_deliveries d ON d.organization_id = owner AND d.id = o.id
      JOIN event_deliveries i ON i.organization_id = owner
        AND i.event_id = d.event_id
    WHERE d.status = 'delivered' AND i.next_attempt_at IS NULL
      AND i.status <> 'delivered' AND NOT i.arrived_elsewhere
    EXCEPT SELECT unnest(places_of));
  IF cardinality(held) > 0 THEN
    chosen := ARRAY (SELECT d.id FROM unnest(chosen) AS o (id)
        JOIN event_deliveries d ON d.organization_id = owner AND d.id = o.id
      WHERE d.event_id <> ALL (held));
  END IF;
  UPDATE event_deliveries i SET arrived_elsewhere = true
  FROM unnest(places) AS p (id)
  WHERE i.organization_id = owner AND i.id = p.id;
  DELETE FROM delivery_attempts a USING unnest(chosen) AS o (id)
  WHERE a.organization_id = owner AND a.delivery_id = o.id;
  GET DIAGNOSTICS attempts = ROW_COUNT;
  DELETE FROM event_deliveries d USING unnest(chosen) AS o (id)
  WHERE d.organization_id = owner AND d.id = o.id;
  GET DIAGNOSTICS deliveries = ROW_COUNT;
END $body$;
)sql";

} // namespace

std::string removal_of_old_rows() {
  return std::string(prune_events) + prune_deliveries;
}

} // namespace sluice::db::postgres
