#pragma once

/// The statements of what one node does for all. "Now" and times are as in
/// `queries.hpp`.
namespace sluice::db::postgres::sql {

// -- duties ------------------------------------------------------------------

// Of the duty $1, for the node $2: whether it has a sign of life within $3
// milliseconds, whether the holder has, and whether they are the same.
inline constexpr char look_at_duty[] = R"sql(
WITH alive AS (
  SELECT n.id FROM nodes n
  WHERE n.heartbeat_at >= coalesce($4::timestamptz, statement_timestamp())
    - $3::bigint * interval '1 ms'),
holder AS (SELECT c.value FROM control c WHERE c.key = $1::text)
SELECT EXISTS (SELECT FROM alive a WHERE a.id = $2::uuid),
  EXISTS (SELECT FROM alive a JOIN holder h ON h.value = a.id::text),
  EXISTS (SELECT FROM holder h WHERE h.value = $2::uuid::text))sql";
// Of several who find it free at the same time, the first has it: the others
// wait for its row, and see the holder then.
inline constexpr char take_duty[] = R"sql(
WITH alive AS (
  SELECT n.id FROM nodes n
  WHERE n.heartbeat_at >= coalesce($4::timestamptz, statement_timestamp())
    - $3::bigint * interval '1 ms')
INSERT INTO control AS held (key, value, version, updated_at)
SELECT $1::text, a.id::text, 1,
  coalesce($4::timestamptz, statement_timestamp())
FROM alive a WHERE a.id = $2::uuid
ON CONFLICT (key) DO UPDATE SET value = excluded.value,
  version = held.version + 1, updated_at = excluded.updated_at
WHERE held.value <> excluded.value
  AND NOT EXISTS (SELECT FROM alive a WHERE a.id::text = held.value))sql";

inline constexpr char put_control[] = R"sql(
INSERT INTO control AS held (key, value, version, updated_at)
VALUES ($1::text, $2::text, $3::bigint,
  coalesce($4::timestamptz, statement_timestamp()))
ON CONFLICT (key) DO UPDATE SET value = excluded.value,
  version = excluded.version, updated_at = excluded.updated_at
WHERE held.version <= excluded.version)sql";
inline constexpr char dated_control[] = R"sql(
SELECT value, (extract(epoch FROM coalesce($2::timestamptz,
    statement_timestamp()) - updated_at) * 1000000)::bigint
FROM control WHERE key = $1::text)sql";

// -- folding -----------------------------------------------------------------

// One call folds at a time. What is folded is left alone by all others but a
// repair, and that has the gate for itself; neither is waited for. Goes with
// BEGIN; the planner is not to read the whole ledger for a few entries.
inline constexpr char begin_fold[] =
    "SET LOCAL enable_seqscan = off"
    "; SELECT pg_try_advisory_xact_lock_shared(7595446950234196)"
    " AND pg_try_advisory_xact_lock(7595446950234197)";
inline constexpr char fold_state[] = R"sql(
SELECT key, value FROM control
WHERE key IN ('gate.drain_begin', $1::text, $2::text))sql";
inline constexpr char entries_to_fold[] = R"sql(
SELECT seq, kind, count, at < coalesce($5::timestamptz, statement_timestamp())
    - $3::bigint * interval '1 ms'
FROM ledger WHERE seq > $1::bigint AND seq <= $2::bigint
ORDER BY seq LIMIT $4::int)sql";

// Folds the entries behind $1 up to $2: those of one kind and organization,
// with the earlier neighbours that are not much larger. What does not add up
// is not picked. The entries are gone before their sums are written, so that
// the sums can have a position of theirs.
inline constexpr char fold[] = R"sql(
WITH picked AS MATERIALIZED (
  SELECT l.seq, l.organization_id AS owner, l.kind, l.count - l.settled AS size,
    CASE WHEN l.count - l.settled >= $6::bigint THEN l.seq ELSE 0 END AS alone
  FROM ledger l
  WHERE l.seq > $1::bigint AND l.seq <= $2::bigint
    AND l.organization_id IS NOT NULL
    AND CASE WHEN l.kind = ANY ($3::text[]) THEN l.ids IS NOT NULL
          AND l.count > 0 AND l.count = cardinality(l.ids) + l.settled
          AND array_position(l.ids, NULL) IS NULL
        ELSE l.kind = ANY ($4::text[]) AND l.ids IS NULL END),
alone AS (
  SELECT p.seq FROM picked p
  WHERE p.alone <> 0 AND p.kind = ANY ($3::text[])),
fresh AS (
  SELECT p.owner, p.kind, sum(p.size) AS size FROM picked p
  WHERE p.seq NOT IN (SELECT a.seq FROM alone a) GROUP BY p.owner, p.kind),
joined AS (
  SELECT n.seq, bool_and(n.is_near) OVER
    (PARTITION BY f.owner, f.kind ORDER BY n.seq DESC) AS is_in
  FROM fresh f CROSS JOIN LATERAL (
    SELECT e.seq, f.kind = ANY ($4::text[])
      OR (e.size < $6::bigint AND e.size <= 2 * (f.size + coalesce(
        sum(e.size) OVER (ORDER BY e.seq DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))) AS is_near
    FROM (
      SELECT l.seq, l.count - l.settled AS size FROM ledger l
      WHERE l.organization_id = f.owner AND l.kind = f.kind
        AND l.seq <= $1::bigint AND l.first_seq IS NOT NULL
      ORDER BY l.seq DESC LIMIT $5::int) AS e) AS n),
gone AS (
  DELETE FROM ledger l WHERE l.seq = ANY (ARRAY (
    SELECT p.seq FROM picked p
    UNION ALL SELECT j.seq FROM joined j WHERE j.is_in))
  RETURNING l.seq, l.at, l.kind, l.count, l.settled, l.organization_id AS owner,
    l.ids, coalesce(l.first_seq, l.seq) AS first_seq,
    CASE WHEN l.seq IN (SELECT a.seq FROM alone a) THEN l.seq ELSE 0 END
      AS alone),
sums AS (
  SELECT g.owner, g.kind, g.alone, max(g.seq) AS seq, max(g.at) AS at,
    sum(g.count) AS count, sum(g.settled) AS settled,
    min(g.first_seq) AS first_seq, bool_or(g.ids IS NOT NULL) AS has_ids
  FROM gone g GROUP BY g.owner, g.kind, g.alone),
lists AS (
  SELECT g.owner, g.kind, g.alone, array_agg(i.id ORDER BY i.id) AS ids
  FROM gone g, unnest(g.ids) AS i (id) GROUP BY g.owner, g.kind, g.alone),
made AS (
  INSERT INTO ledger (seq, at, kind, count, organization_id, ids, settled,
    first_seq, first_id, last_id)
  SELECT s.seq, s.at, s.kind, s.count, s.owner,
    CASE WHEN s.has_ids THEN coalesce(l.ids, '{}') END, s.settled, s.first_seq,
    l.ids[1], l.ids[cardinality(l.ids)]
  FROM sums s LEFT JOIN lists l
    ON l.owner = s.owner AND l.kind = s.kind AND l.alone = s.alone
  RETURNING 1)
SELECT (SELECT count(*) FROM gone g WHERE g.seq > $1::bigint)::int,
  (SELECT count(*) FROM made)::int)sql";

// Strikes ids from the `written_off` at $1 and from where they came in, each
// as often as it is on both sides.
inline constexpr char settle[] = R"sql(
WITH off AS MATERIALIZED (
  SELECT l.seq, l.organization_id AS owner, l.ids FROM ledger l
  WHERE l.seq = $1::bigint AND l.count = cardinality(l.ids) + l.settled),
lost AS MATERIALIZED (
  SELECT i.id, i.place, row_number() OVER (PARTITION BY i.id) AS nth
  FROM off o, unnest(o.ids) WITH ORDINALITY AS i (id, place)),
holders AS MATERIALIZED (
  SELECT l.seq FROM off o JOIN ledger l ON l.organization_id = o.owner
  WHERE l.kind IN ('accepted', 'created', 'opening', 'adopted')
    AND l.seq <= $2::bigint AND l.first_seq IS NOT NULL
    AND EXISTS (SELECT FROM lost s WHERE s.id BETWEEN l.first_id AND l.last_id)
  ORDER BY l.seq DESC LIMIT $3::int),
held AS MATERIALIZED (
  SELECT l.seq, i.id, i.place, row_number() OVER
    (PARTITION BY i.id ORDER BY l.kind = 'adopted', l.seq) AS nth
  FROM ledger l, unnest(l.ids) WITH ORDINALITY AS i (id, place)
  WHERE l.seq = ANY (ARRAY (SELECT h.seq FROM holders h))),
met AS MATERIALIZED (
  SELECT h.seq AS held_in, h.place AS held_at, s.place AS lost_at
  FROM held h JOIN lost s ON s.id = h.id AND s.nth = h.nth),
both_sides AS (
  SELECT h.seq, h.id, m.held_at IS NOT NULL AS is_met
  FROM held h LEFT JOIN met m ON m.held_in = h.seq AND m.held_at = h.place
  UNION ALL SELECT o.seq, s.id, m.lost_at IS NOT NULL
  FROM off o CROSS JOIN lost s LEFT JOIN met m ON m.lost_at = s.place),
left_over AS (
  SELECT b.seq, count(*) FILTER (WHERE b.is_met) AS met,
    array_agg(b.id ORDER BY b.id) FILTER (WHERE NOT b.is_met) AS ids
  FROM both_sides b GROUP BY b.seq)
UPDATE ledger l SET ids = coalesce(o.ids, '{}'), settled = l.settled + o.met,
  first_id = CASE WHEN l.first_seq IS NOT NULL THEN o.ids[1] END,
  last_id = CASE WHEN l.first_seq IS NOT NULL
    THEN o.ids[cardinality(o.ids)] END
FROM left_over o WHERE l.seq = o.seq AND o.met > 0
RETURNING CASE WHEN l.first_seq IS NOT NULL AND l.ids = '{}'
  THEN l.seq END AS emptied)sql";

// Entries that have no ids any more would be looked through for ever: the
// earlier neighbour of the one at $1 becomes part of it when both have none.
inline constexpr char join_emptied[] = R"sql(
WITH later AS (
  SELECT l.seq, l.organization_id AS owner, l.kind FROM ledger l
  WHERE l.seq = $1::bigint AND l.first_seq IS NOT NULL AND l.ids = '{}'),
earlier AS MATERIALIZED (
  SELECT e.seq, e.count, e.settled, e.first_seq
  FROM later CROSS JOIN LATERAL (
    SELECT p.seq, p.count, p.settled, p.first_seq, p.ids FROM ledger p
    WHERE p.organization_id = later.owner AND p.kind = later.kind
      AND p.seq < later.seq AND p.first_seq IS NOT NULL
    ORDER BY p.seq DESC LIMIT 1) AS e
  WHERE e.ids = '{}'),
gone AS (
  DELETE FROM ledger WHERE seq = ANY (ARRAY (SELECT seq FROM earlier)))
UPDATE ledger l SET count = l.count + e.count,
  settled = l.settled + e.settled, first_seq = e.first_seq
FROM earlier e WHERE l.seq = $1::bigint)sql";

} // namespace sluice::db::postgres::sql
