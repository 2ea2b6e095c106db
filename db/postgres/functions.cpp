#include "db/postgres/functions.hpp"

namespace sluice::db::postgres {

namespace {

// What follows the deletion of the items, `gone`, in one statement with it.
// A delivery's id is a version 7 UUID that begins like its event's (time,
// version, counter), so that the indexes of deliveries grow at their end.
constexpr char store_gone[] = R"sql(
    RETURNING q.id, q.organization_id, q.type, q.payload, q.dedup_id,
      q.inserted_at, q.claimed_by),
  stored AS (
    INSERT INTO events (id, organization_id, type, payload, dedup_id,
      inserted_at, accepted_at)
    SELECT g.id, g.organization_id, g.type, g.payload, g.dedup_id, moment,
      g.inserted_at
    FROM gone g),
  fanned_out AS (
    INSERT INTO event_deliveries (id, organization_id, event_id, endpoint_id,
      status, attempts, inserted_at, updated_at)
    SELECT (left(g.id::text, 18)
        || substr(gen_random_uuid()::text, 19))::uuid,
      g.organization_id, g.id, e.id, 'pending', 0, moment, moment
    FROM gone g JOIN endpoints e ON e.organization_id = g.organization_id
    WHERE e.event_types IS NULL))sql";

constexpr char enqueue_and_claim[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_enqueue(ids uuid[], owners uuid[],
  types text[], payloads text[], dedup_ids text[], payers uuid[],
  counts bigint[], now_is timestamptz)
RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
  moment CONSTANT timestamptz := coalesce(now_is, statement_timestamp());
BEGIN
  INSERT INTO event_queue (id, organization_id, type, payload, dedup_id,
    status, attempts, not_before, inserted_at)
  SELECT a.id, a.owner, a.type, a.payload, a.dedup_id, 'pending', 0, moment,
    moment
  FROM unnest(ids, owners, types, payloads, dedup_ids)
    AS a (id, owner, type, payload, dedup_id);
  INSERT INTO ledger (at, kind, count, organization_id)
  SELECT moment, 'accepted', a.count, a.payer
  FROM unnest(payers, counts) AS a (payer, count);
END $body$;

-- Where the planner has statistics from another time of day, it must not read
-- or sort the whole queue. The array of row addresses gives the update one
-- possible plan; the rows are locked, so the addresses hold.
CREATE OR REPLACE FUNCTION sluice_claim(fence uuid, node text, most integer,
  now_is timestamptz, floor_is timestamptz)
RETURNS TABLE (item uuid, failed integer, due_us bigint, saw_all boolean)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off
SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off AS $body$
DECLARE
  moment CONSTANT timestamptz := coalesce(now_is, statement_timestamp());
  low timestamptz := coalesce(floor_is, '-infinity');
BEGIN
  LOOP
    RETURN QUERY
    WITH due AS MATERIALIZED (
      SELECT q.ctid FROM event_queue q
      WHERE q.status = 'pending' AND q.not_before <= moment
        AND q.not_before >= low
      ORDER BY q.not_before, q.id LIMIT most FOR UPDATE SKIP LOCKED)
    UPDATE event_queue q SET status = 'processing', claim_id = fence,
      claimed_by = node, processing_started_at = moment
    WHERE q.ctid = ANY (ARRAY (SELECT d.ctid FROM due d))
    RETURNING q.id, q.attempts,
      (extract(epoch FROM q.not_before) * 1000000)::bigint,
      low = '-infinity';
    EXIT WHEN FOUND OR low = '-infinity';
    low := '-infinity';
  END LOOP;
END $body$;
)sql";

constexpr char begin_move[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_move(fence uuid, now_is timestamptz)
RETURNS integer LANGUAGE plpgsql AS $body$
DECLARE
  moment CONSTANT timestamptz := coalesce(now_is, statement_timestamp());
  moved integer;
BEGIN
  WITH gone AS (
    DELETE FROM event_queue q
    WHERE q.claim_id = fence AND q.status = 'processing')sql";
constexpr char end_move[] = R"sql(,
  sums AS (
    SELECT g.organization_id, g.claimed_by, count(*) AS moved FROM gone g
    GROUP BY g.organization_id, g.claimed_by),
  booked AS (
    INSERT INTO ledger (at, node, kind, count, organization_id)
    SELECT moment, s.claimed_by, 'stored', s.moved, s.organization_id
    FROM sums s)
  SELECT coalesce(sum(s.moved), 0)::integer INTO moved FROM sums s;
  RETURN moved;
END $body$;
)sql";

// The items are named by where their rows are: no join, one possible plan. A
// row that went elsewhere meanwhile has lost the fence as well. Returns of each
// item that was moved whose it was and who held it, for the ledger.
constexpr char begin_move_rows[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_move_rows(fence uuid, rows tid[],
  moment timestamptz, OUT owners uuid[], OUT nodes text[])
LANGUAGE plpgsql AS $body$
BEGIN
  WITH gone AS (
    DELETE FROM event_queue q
    WHERE q.ctid = ANY (rows)
      AND q.claim_id = fence AND q.status = 'processing')sql";
constexpr char end_move_rows[] = R"sql(
  SELECT array_agg(g.organization_id), array_agg(g.claimed_by)
  INTO owners, nodes FROM gone g;
END $body$;
)sql";

// The conditions are those of `errc::rejected`.
constexpr char move_each[] = R"sql(
-- In runs of fifty, because a savepoint for each item takes longer than the
-- item; a run that is refused is cut into five, until the bad item stands
-- alone. Planning for each run anew would take longer than the run. The last
-- row has the sum.
CREATE OR REPLACE FUNCTION sluice_move_each(fence uuid, wanted uuid[],
  now_is timestamptz)
RETURNS TABLE (item uuid, state text, reason text, moved integer)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan
AS $body$
DECLARE
  moment CONSTANT timestamptz := coalesce(now_is, statement_timestamp());
  ids uuid[];
  places tid[];
  -- The runs that are left: where each begins, and how long it is.
  firsts integer[];
  sizes integer[];
  top integer;
  at integer;
  size integer;
  part integer;
  behind integer;
  done record;
  payers uuid[];
  nodes text[];
BEGIN
  SELECT array_agg(q.id ORDER BY q.id), array_agg(q.ctid ORDER BY q.id)
  INTO ids, places
  FROM event_queue q
  WHERE q.claim_id = fence AND q.status = 'processing' AND q.id = ANY (wanted);
  SELECT array_agg(run), array_agg(50) INTO firsts, sizes
  FROM generate_series(1, cardinality(ids), 50) AS run;
  top := coalesce(cardinality(firsts), 0);
  WHILE top > 0 LOOP
    at := firsts[top];
    size := sizes[top];
    top := top - 1;
    BEGIN
      done := sluice_move_rows(fence, places[at:at + size - 1], moment);
      payers := payers || done.owners;
      nodes := nodes || done.nodes;
    EXCEPTION WHEN integrity_constraint_violation OR data_exception
      OR program_limit_exceeded OR raise_exception THEN
      IF size = 1 THEN
        item := ids[at];
        state := SQLSTATE;
        reason := SQLERRM;
        RETURN NEXT;
      ELSE
        part := greatest(size / 5, 1);
        behind := least(at + size, cardinality(ids) + 1);
        WHILE at < behind LOOP
          top := top + 1;
          firsts[top] := at;
          sizes[top] := part;
          at := at + part;
        END LOOP;
      END IF;
    END;
  END LOOP;
  INSERT INTO ledger (at, node, kind, count, organization_id)
  SELECT moment, m.node, 'stored', count(*), m.payer
  FROM unnest(payers, nodes) AS m (payer, node) GROUP BY m.payer, m.node;
  item := NULL;
  moved := coalesce(cardinality(payers), 0);
  RETURN NEXT;
END $body$;
)sql";

} // namespace

std::string functions() {
  std::string all;
  for (const char *part :
       {enqueue_and_claim, begin_move, store_gone, end_move, begin_move_rows,
        store_gone, end_move_rows, move_each})
    all += part;
  return all;
}

} // namespace sluice::db::postgres
