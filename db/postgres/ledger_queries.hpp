#pragma once

/// The statements that compare the ledger with the tables. "Now" and times
/// are as in `queries.hpp`.
namespace sluice::db::postgres::sql {

inline constexpr char ledger_position[] = R"sql(
SELECT (extract(epoch FROM coalesce($1::timestamptz, statement_timestamp()))
    * 1000000)::bigint, (SELECT coalesce(max(seq), 0) FROM ledger))sql";

// As the planner has it; -1 before its first look.
inline constexpr char about_how_many[] = R"sql(
SELECT greatest(reltuples, 0)::bigint FROM pg_class
WHERE oid = 'events'::regclass)sql";

// Of each organization: the sums, and whether counts or checksums of the ids
// differ. Each table is read once, in its own order, and no id is kept. About
// each $2-th id it rests, $1 seconds.
inline constexpr char compare_sums[] = R"sql(
WITH counted AS (
  SELECT l.organization_id AS owner,
    sum(l.count) FILTER (WHERE l.kind IN ('accepted', 'created', 'opening'))
      AS accepted,
    sum(l.count) FILTER (WHERE l.kind = 'adopted') AS adopted,
    sum(l.count) FILTER (WHERE l.kind = 'written_off') AS written_off
  FROM ledger l WHERE l.ids IS NOT NULL GROUP BY l.organization_id),
booked AS (
  SELECT b.owner,
    coalesce(sum(b.hash) FILTER (WHERE NOT b.is_gone), 0)
      - coalesce(sum(b.hash) FILTER (WHERE b.is_gone), 0) AS hash,
    count(*) FILTER (WHERE NOT b.is_gone)
      - count(*) FILTER (WHERE b.is_gone) AS count,
    count(*) FILTER (WHERE CASE WHEN b.hash % $2::bigint = 0
      THEN pg_sleep($1::float8) IS NULL END) AS rests
  FROM (SELECT i.owner, i.is_gone, uuid_hash_extended(i.id, 0) AS hash
    FROM (SELECT l.organization_id AS owner, l.kind = 'written_off' AS is_gone,
        unnest(l.ids) AS id
      FROM ledger l WHERE l.ids IS NOT NULL) AS i) AS b
  GROUP BY b.owner),
stored AS (
  SELECT organization_id AS owner, count(*) AS count,
    sum(uuid_hash_extended(id, 0)) AS hash,
    count(*) FILTER (WHERE CASE WHEN uuid_hash_extended(id, 0) % $2::bigint = 0
      THEN pg_sleep($1::float8) IS NULL END) AS rests
  FROM events GROUP BY organization_id),
waiting AS (
  SELECT organization_id AS owner, count(*) AS count,
    sum(uuid_hash_extended(id, 0)) AS hash
  FROM event_queue GROUP BY organization_id),
gone AS (
  SELECT organization_id AS owner, count(*) AS count,
    sum(uuid_hash_extended(id, 0)) AS hash
  FROM discarded GROUP BY organization_id)
SELECT owner, coalesce(c.accepted, 0), coalesce(c.adopted, 0),
  coalesce(c.written_off, 0), coalesce(s.count, 0), coalesce(w.count, 0),
  coalesce(g.count, 0),
  coalesce(b.count, 0) <> coalesce(s.count, 0) + coalesce(w.count, 0)
    + coalesce(g.count, 0)
  OR coalesce(b.hash, 0) <> coalesce(s.hash, 0) + coalesce(w.hash, 0)
    + coalesce(g.hash, 0)
FROM counted c FULL JOIN booked b USING (owner) FULL JOIN stored s USING (owner)
  FULL JOIN waiting w USING (owner) FULL JOIN gone g USING (owner))sql";

// The same id in two places and, by a bug, twice in the ledger would make
// sums that are equal.
inline constexpr char doubled_owners[] = R"sql(
SELECT q.organization_id FROM event_queue q
  JOIN events e ON e.organization_id = q.organization_id AND e.id = q.id
UNION SELECT q.organization_id FROM event_queue q
  JOIN discarded d ON d.organization_id = q.organization_id AND d.id = q.id
UNION SELECT d.organization_id FROM discarded d
  JOIN events e ON e.organization_id = d.organization_id AND e.id = d.id)sql";

// Id by id, for the organizations $1: how often each came in, in how many
// places it is, and what is wrong with those of which that is not one. Either
// of the two that follow completes it.
inline constexpr char faults[] = R"sql(
WITH marks AS (
  SELECT organization_id AS owner, unnest(ids) AS id,
    CASE kind WHEN 'written_off' THEN -1 ELSE 1 END AS wanted, 0 AS found
  FROM ledger WHERE ids IS NOT NULL AND organization_id = ANY ($1::uuid[])
  UNION ALL SELECT organization_id, id, 0, 1 FROM events
  WHERE organization_id = ANY ($1::uuid[])
  UNION ALL SELECT organization_id, id, 0, 1 FROM event_queue
  WHERE organization_id = ANY ($1::uuid[])
  UNION ALL SELECT organization_id, id, 0, 1 FROM discarded
  WHERE organization_id = ANY ($1::uuid[])),
faults AS MATERIALIZED (
  SELECT owner, id, sum(wanted)::bigint AS wanted, sum(found)::bigint AS found,
    CASE WHEN sum(found) > 1 THEN 'doubled'
      WHEN sum(wanted) > sum(found) THEN 'missing' ELSE 'surplus' END AS what
  FROM marks GROUP BY owner, id
  HAVING sum(wanted) <> sum(found) OR sum(found) > 1))sql";
inline constexpr char find_faults[] = R"sql(
SELECT what, owner, id, count(*) OVER () FROM faults
ORDER BY id, owner LIMIT $2::int)sql";

// The log is what remains, then `discarded`, then the queue. Contents that
// differ from what remains are kept in `discarded`, under another id. Entries
// name no more ids than a row of the ledger should have.
inline constexpr char repair[] = R"sql(,
unqueued AS (
  DELETE FROM event_queue q USING faults f
  WHERE f.what = 'doubled' AND q.organization_id = f.owner AND q.id = f.id
  RETURNING q.organization_id AS owner, q.id, q.status, q.type, q.payload,
    q.dedup_id, q.inserted_at),
kept_of_queue AS (
  INSERT INTO discarded (id, organization_id, type, payload, dedup_id, reason,
    discarded_by, discarded_at, accepted_at)
  SELECT gen_random_uuid(), u.owner, u.type, u.payload, u.dedup_id, $3::text,
    $4::text, coalesce($2::timestamptz, statement_timestamp()), u.inserted_at
  FROM unqueued u
  WHERE NOT EXISTS (SELECT FROM events e WHERE e.organization_id = u.owner
      AND e.id = u.id AND e.type = u.type AND e.payload = u.payload)
    AND NOT EXISTS (SELECT FROM discarded d WHERE d.organization_id = u.owner
      AND d.id = u.id AND d.type = u.type AND d.payload = u.payload)
  RETURNING organization_id AS owner, id),
kept_of_discarded AS (
  UPDATE discarded d SET id = gen_random_uuid()
  FROM faults f JOIN events e
    ON e.organization_id = f.owner AND e.id = f.id
  WHERE f.what = 'doubled' AND d.organization_id = f.owner AND d.id = f.id
    AND (e.type <> d.type OR e.payload <> d.payload)
  RETURNING d.organization_id AS owner, d.id),
undiscarded AS (
  DELETE FROM discarded d USING faults f JOIN events e
    ON e.organization_id = f.owner AND e.id = f.id
  WHERE f.what = 'doubled' AND d.organization_id = f.owner AND d.id = f.id
    AND e.type = d.type AND e.payload = d.payload),
kept AS (
  SELECT * FROM kept_of_queue UNION ALL SELECT * FROM kept_of_discarded),
undoubled AS (
  INSERT INTO ledger (at, kind, count, organization_id)
  SELECT coalesce($2::timestamptz, statement_timestamp()),
    CASE status WHEN 'quarantined' THEN 'undoubled_quarantined'
      ELSE 'undoubled' END, count(*), owner
  FROM unqueued GROUP BY 2, owner),
owed AS (
  SELECT f.owner, f.id, CASE WHEN f.wanted > least(f.found, 1)
      THEN 'written_off' ELSE 'adopted' END AS kind
  FROM faults f,
    generate_series(1, abs(f.wanted - least(f.found, 1))) AS times
  UNION ALL SELECT owner, id, 'adopted' FROM kept),
numbered AS (
  SELECT owner, id, kind,
    (row_number() OVER (PARTITION BY owner, kind ORDER BY id) - 1) / 10000
      AS part
  FROM owed),
settled AS (
  INSERT INTO ledger (at, kind, count, organization_id, ids)
  SELECT coalesce($2::timestamptz, statement_timestamp()), kind, count(*),
    owner, array_agg(id ORDER BY id)
  FROM numbered GROUP BY owner, kind, part
  RETURNING kind, count)
SELECT what, owner, id,
  (SELECT coalesce(sum(count), 0) FROM settled WHERE kind = 'adopted')::bigint,
  (SELECT coalesce(sum(count), 0) FROM settled
    WHERE kind = 'written_off')::bigint,
  (SELECT count(*) FROM kept)
FROM faults ORDER BY id, owner)sql";

} // namespace sluice::db::postgres::sql
