#include "db/postgres/functions.hpp"

#include "db/postgres/delivery_functions.hpp"
#include "db/postgres/pull_functions.hpp"
#include "db/postgres/retention_functions.hpp"

namespace sluice::db::postgres {

namespace {

// Whoever takes in, claims or moves holds this lock, shared, to the end of the
// transaction; whoever changes the gate takes it alone. The statements that
// follow see the gate as it stands then: each has a snapshot of its own.
constexpr char enter_gate[] = R"sql(
  PERFORM pg_advisory_xact_lock_shared(7595446950234196);
)sql";

// Sets `mode` and, when nothing is taken in, `pause`.
constexpr char read_ingest[] = R"sql(
  SELECT c.value INTO mode FROM control c WHERE c.key = 'gate.ingest';
  IF mode = 'reject' THEN
    SELECT c.value INTO pause FROM control c WHERE c.key = 'gate.retry_after';
    RETURN;
  END IF;
)sql";

// What follows the items on their way into the log, `fresh`, in one statement.
// A delivery's id is a version 7 UUID that begins like its event's (time,
// version, counter), so that the indexes of deliveries grow at their end.
constexpr char store_fresh[] = R"sql(,
  stored AS (
    INSERT INTO events (id, organization_id, type, payload, dedup_id,
      inserted_at, accepted_at)
    SELECT f.id, f.organization_id, f.type, f.payload, f.dedup_id, moment,
      f.inserted_at
    FROM fresh f),
  fanned_out AS (
    INSERT INTO event_deliveries (id, organization_id, event_id, endpoint_id,
      status, attempts, next_attempt_at, inserted_at, updated_at)
    SELECT (left(f.id::text, 18)
        || substr(gen_random_uuid()::text, 19))::uuid,
      f.organization_id, f.id, e.id, 'pending', 0,
      CASE e.kind WHEN 'push' THEN moment END, moment, moment
    FROM fresh f JOIN endpoints e ON e.organization_id = f.organization_id
    WHERE e.removed_at IS NULL AND (e.event_types IS NULL
      OR f.type = ANY (e.event_types) OR f.type ^@ ANY (e.event_prefixes))))sql";

constexpr char begin_look[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_look(OUT mode text, OUT pause text)
LANGUAGE plpgsql AS $body$
BEGIN
)sql";
constexpr char end_look[] = R"sql(
END $body$;
)sql";

constexpr char begin_accept[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_accept(ids uuid[], owners uuid[],
  types text[], payloads text[], dedup_ids text[], lanes smallint[],
  now_is timestamptz, OUT mode text, OUT pause text)
LANGUAGE plpgsql AS $body$
DECLARE
  moment CONSTANT timestamptz := coalesce(now_is, statement_timestamp());
  booked_as text;
  taken bigint;
BEGIN
)sql";
constexpr char accept_into_log[] = R"sql(
  IF mode = 'sync' THEN
    WITH fresh AS (
      SELECT a.id, a.organization_id, a.type, a.payload, a.dedup_id,
        moment AS inserted_at
      FROM unnest(ids, owners, types, payloads, dedup_ids)
        AS a (id, organization_id, type, payload, dedup_id)))sql";
// Without an array of lanes all go into the first. The books of a call with one
// organization are made without grouping, which costs more than the entry.
constexpr char accept_into_queue[] = R"sql(
    SELECT count(*) INTO taken FROM fresh f;
  ELSE
    INSERT INTO event_queue (id, organization_id, type, payload, dedup_id,
      status, attempts, not_before, inserted_at, lane)
    SELECT a.id, a.owner, a.type, a.payload, a.dedup_id, 'pending', 0, moment,
      moment, coalesce(a.lane, 0)
    FROM unnest(ids, owners, types, payloads, dedup_ids, lanes)
      AS a (id, owner, type, payload, dedup_id, lane);
  END IF;
  booked_as := CASE mode WHEN 'sync' THEN 'created' ELSE 'accepted' END;
  IF owners[1] = ALL (owners) THEN
    INSERT INTO ledger (at, kind, count, organization_id, ids)
    VALUES (moment, booked_as, cardinality(ids), owners[1], ids);
  ELSE
    INSERT INTO ledger (at, kind, count, organization_id, ids)
    SELECT moment, booked_as, count(*), a.owner, array_agg(a.id)
    FROM unnest(ids, owners) AS a (id, owner) GROUP BY a.owner;
  END IF;
END $body$;
)sql";

// Where the planner has statistics from another time of day, it must not read
// or sort the whole queue. The array of row addresses gives the update one
// possible plan; the rows are locked, so the addresses hold.
//
// Bit n of `busy` says that lane n is likely to have items: a lane leaves a
// part of the claim to those behind it only if one of them is. `floors` has for
// each lane where to begin; NULL: at the beginning, in all of them. A second
// turn gives what the first one left over to the lanes that have more.
//
// The last row, without an item, tells of the look itself: in `failed` the
// lanes in which nothing more was due, a bit for each, in `due_us` when that
// was, and whether it began at the beginning. A row without even that says that
// nothing is claimed at present.
constexpr char begin_claim[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_claim(fence uuid, node text, most integer,
  now_is timestamptz, floors timestamptz[], busy integer)
)sql";
constexpr char begin_walk[] = R"sql(
RETURNS TABLE (item uuid, failed integer, due_us bigint, in_lane smallint,
  owner uuid, saw_all boolean)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off
SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off AS $body$
DECLARE
  moment CONSTANT timestamptz := coalesce(now_is, statement_timestamp());
  free integer := most;
  spent integer;
  wanted integer;
  taken integer;
  low timestamptz;
BEGIN
)sql";
// With the items that are `due` in a lane follows what becomes of them.
constexpr char walk_lanes[] = R"sql(
  IF EXISTS (SELECT FROM control c WHERE c.key = 'gate.processing'
      AND c.value IN ('paused', 'drained')) THEN
    RETURN NEXT;
    RETURN;
  END IF;
  LOOP
    spent := 0;
    FOR turn IN 1..2 LOOP
      FOR at IN 0..3 LOOP
        EXIT WHEN free = 0;
        CONTINUE WHEN spent & (1 << at) <> 0;
        wanted := free;
        IF turn = 1 AND busy >> (at + 1) <> 0 THEN
          wanted := free - floor(free * 0.25 + random())::integer;
        END IF;
        low := coalesce(floors[at + 1], '-infinity');
        RETURN QUERY
        WITH due AS MATERIALIZED (
          SELECT q.ctid FROM event_queue q
          WHERE q.status = 'pending' AND q.lane = at
            AND q.not_before <= moment AND q.not_before >= low
          ORDER BY q.not_before, q.id LIMIT wanted FOR UPDATE SKIP LOCKED))sql";
constexpr char claim_due[] = R"sql(
        UPDATE event_queue q SET status = 'processing', claim_id = fence,
          claimed_by = node, processing_started_at = moment
        WHERE q.ctid = ANY (ARRAY (SELECT d.ctid FROM due d))
        RETURNING q.id, q.attempts,
          (extract(epoch FROM q.not_before) * 1000000)::bigint, q.lane,
          q.organization_id, NULL::boolean)sql";
constexpr char end_walk[] = R"sql(;
        GET DIAGNOSTICS taken = ROW_COUNT;
        free := free - taken;
        IF taken < wanted THEN
          spent := spent | (1 << at);
        END IF;
      END LOOP;
    END LOOP;
    EXIT WHEN free < most OR floors IS NULL;
    floors := NULL;
  END LOOP;
  failed := spent;
  due_us := (extract(epoch FROM moment) * 1000000)::bigint;
  saw_all := floors IS NULL;
  RETURN NEXT;
END $body$;
)sql";

// As `sluice_claim` and `sluice_move` of what it would claim; returns what the
// former does.
constexpr char begin_move_due[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_move_due(node text, most integer,
  now_is timestamptz, floors timestamptz[], busy integer)
)sql";
constexpr char take_due[] = R"sql(,
        fresh AS (
          DELETE FROM event_queue q
          WHERE q.ctid = ANY (ARRAY (SELECT d.ctid FROM due d))
          RETURNING q.id, q.organization_id, q.type, q.payload, q.dedup_id,
            q.inserted_at, q.attempts, q.not_before, q.lane))sql";
constexpr char book_due[] = R"sql(,
        sums AS (
          SELECT f.organization_id, count(*) AS moved FROM fresh f
          GROUP BY f.organization_id),
        booked AS (
          INSERT INTO ledger (at, node, kind, count, organization_id)
          SELECT moment, sluice_move_due.node, 'stored', s.moved,
            s.organization_id
          FROM sums s)
        SELECT f.id, f.attempts,
          (extract(epoch FROM f.not_before) * 1000000)::bigint, f.lane,
          f.organization_id, NULL::boolean
        FROM fresh f)sql";

constexpr char begin_move[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_move(fence uuid, now_is timestamptz)
RETURNS integer LANGUAGE plpgsql AS $body$
DECLARE
  moment CONSTANT timestamptz := coalesce(now_is, statement_timestamp());
  moved integer;
BEGIN
)sql";
constexpr char take_claim[] = R"sql(
  WITH fresh AS (
    DELETE FROM event_queue q
    WHERE q.claim_id = fence AND q.status = 'processing'
    RETURNING q.id, q.organization_id, q.type, q.payload, q.dedup_id,
      q.inserted_at, q.claimed_by))sql";
constexpr char end_move[] = R"sql(,
  sums AS (
    SELECT f.organization_id, f.claimed_by, count(*) AS moved FROM fresh f
    GROUP BY f.organization_id, f.claimed_by),
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
  WITH fresh AS (
    DELETE FROM event_queue q
    WHERE q.ctid = ANY (rows)
      AND q.claim_id = fence AND q.status = 'processing'
    RETURNING q.id, q.organization_id, q.type, q.payload, q.dedup_id,
      q.inserted_at, q.claimed_by))sql";
constexpr char end_move_rows[] = R"sql(
  SELECT array_agg(f.organization_id), array_agg(f.claimed_by)
  INTO owners, nodes FROM fresh f;
END $body$;
)sql";

// The conditions are those of `errc::rejected`.
constexpr char begin_move_each[] = R"sql(
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
)sql";
constexpr char end_move_each[] = R"sql(
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

// Takes the gate for itself. Who does not leave it in time is a client that
// went away or stands still inside a transaction: it is cut off.
constexpr char close_gate_function[] = R"sql(
CREATE OR REPLACE FUNCTION sluice_close_gate(patience_ms bigint)
RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
  key CONSTANT bigint := 7595446950234196;
BEGIN
  PERFORM set_config('lock_timeout', patience_ms::text, true);
  BEGIN
    PERFORM pg_advisory_xact_lock(key);
    RETURN;
  EXCEPTION WHEN lock_not_available THEN
    NULL;
  END;
  PERFORM pg_terminate_backend(l.pid)
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.mode = 'ShareLock'
    AND l.database = (SELECT d.oid FROM pg_database d
      WHERE d.datname = current_database())
    AND l.classid::bigint = key >> 32
    AND l.objid::bigint = key & 4294967295
    AND a.xact_start
      <= clock_timestamp() - patience_ms * interval '1 millisecond';
  PERFORM pg_advisory_xact_lock(key);
END $body$;
)sql";

} // namespace

std::string functions() {
  std::string all;
  for (const char *part :
       {begin_look,    enter_gate,         read_ingest,     end_look,
        begin_accept,  enter_gate,         read_ingest,     accept_into_log,
        store_fresh,   accept_into_queue, //
        begin_claim,   begin_walk,         enter_gate,      walk_lanes,
        claim_due,     end_walk,           begin_move_due,  begin_walk,
        enter_gate,    walk_lanes,         take_due,        store_fresh,
        book_due,      end_walk,           begin_move,      enter_gate,
        take_claim,    store_fresh,        end_move,        begin_move_rows,
        store_fresh,   end_move_rows,      begin_move_each, enter_gate,
        end_move_each, close_gate_function})
    all += part;
  return all + functions_of_deliveries() + claim_of_pulls() +
         removal_of_old_rows();
}

} // namespace sluice::db::postgres
