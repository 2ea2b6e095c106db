#pragma once

/// The statements that look for damage and mend it. "Now" and times are as in
/// `queries.hpp`.
namespace sluice::db::postgres::sql {

// As `rescue_items` has it. $1: now; $2, $3: microseconds since a claim, and
// since a heartbeat; $4: items that are looked at. What follows completes it.
inline constexpr char stuck[] = R"sql(
WITH stuck AS MATERIALIZED (
  SELECT q.*, n.name FROM (
    SELECT id, organization_id, type, status, attempts, last_error,
      inserted_at, not_before, claimed_by, processing_started_at
    FROM event_queue WHERE status = 'processing'
    ORDER BY claim_id LIMIT $4::bigint) AS q
  LEFT JOIN nodes n ON n.id::text = q.claimed_by
  WHERE q.processing_started_at IS NULL OR q.claimed_by IS NULL
    OR q.processing_started_at < coalesce($1::timestamptz,
      statement_timestamp()) - $2::bigint * interval '1 us'
    OR n.heartbeat_at IS NULL
    OR n.heartbeat_at < coalesce($1::timestamptz,
      statement_timestamp()) - $3::bigint * interval '1 us'))sql";
// $5: attempts after which an item goes to quarantine.
inline constexpr char stuck_holders[] = R"sql(
SELECT claimed_by, name, count(*),
  (extract(epoch FROM min(processing_started_at)) * 1000000)::bigint,
  count(*) FILTER (WHERE attempts + 1 >= $5::integer)
FROM stuck GROUP BY claimed_by, name
ORDER BY min(processing_started_at) NULLS FIRST)sql";
// $5: items that are named. Columns as of `list_items`.
inline constexpr char stuck_items[] = R"sql(
SELECT id, organization_id, type, status, attempts, last_error,
  (extract(epoch FROM inserted_at) * 1000000)::bigint,
  (extract(epoch FROM not_before) * 1000000)::bigint, claimed_by,
  (extract(epoch FROM processing_started_at) * 1000000)::bigint
FROM stuck ORDER BY processing_started_at NULLS FIRST, id
LIMIT $5::integer)sql";

// $1: items that are looked at; $2: errors that are named; $3: now. Each
// ORDER BY is that of a partial index.
inline constexpr char errors_of_quarantined[] = R"sql(
SELECT error, count(*), max(id::text), (sum(count(*)) OVER ())::bigint
FROM (SELECT coalesce(last_error, '') AS error, id FROM event_queue
  WHERE status = 'quarantined' AND $3::timestamptz IS NOT DISTINCT FROM $3
  ORDER BY organization_id, id LIMIT $1::bigint) AS items
GROUP BY error ORDER BY 2 DESC, 1 LIMIT $2::integer)sql";
inline constexpr char errors_of_retrying[] = R"sql(
SELECT error, count(*), max(id::text), (sum(count(*)) OVER ())::bigint
FROM (SELECT coalesce(q.last_error, '') AS error, q.id
  FROM (VALUES (0), (1), (2), (3)) AS lanes (lane),
    LATERAL (SELECT last_error, id FROM event_queue
      WHERE status = 'pending' AND event_queue.lane = lanes.lane
        AND not_before > coalesce($3::timestamptz, statement_timestamp())
      ORDER BY not_before, id LIMIT $1::bigint) AS q
  LIMIT $1::bigint) AS items
GROUP BY error ORDER BY 2 DESC, 1 LIMIT $2::integer)sql";

// $1: now; $2: entries that are looked at.
inline constexpr char arrivals[] = R"sql(
WITH moment AS (
  SELECT coalesce($1::timestamptz, statement_timestamp()) AS now),
entries AS MATERIALIZED (
  SELECT at, kind, count FROM ledger ORDER BY seq DESC LIMIT $2::bigint)
SELECT
  coalesce(sum(count) FILTER (WHERE at >= now - interval '1 min'
    AND kind IN ('stored', 'created')), 0)::bigint,
  coalesce(sum(count) FILTER (WHERE at >= now - interval '1 hour'
    AND kind IN ('stored', 'created')), 0)::bigint,
  count(*) < $2::bigint OR min(at) < min(now) - interval '1 hour',
  (extract(epoch FROM max(at) FILTER (WHERE kind IN ('stored', 'created')))
    * 1000000)::bigint
FROM entries, moment)sql";

// Of the organizations $1; of all, where that is null.
inline constexpr char doubled_items[] = R"sql(
SELECT q.id, q.organization_id, q.status,
  q.type = e.type AND q.payload = e.payload, count(*) OVER ()
FROM event_queue q
  JOIN events e ON e.organization_id = q.organization_id AND e.id = q.id
WHERE $1::uuid[] IS NULL OR q.organization_id = ANY ($1::uuid[])
ORDER BY q.id LIMIT $2::integer)sql";

// What the move would have left behind is made up for: deliveries that the
// event in the log lacks. Nobody is waited for: who waits, and holds rows
// itself, can lock up with another who does. $1, $2: owners and ids; $3: now.
inline constexpr char take_from_queue[] = R"sql(
WITH doubled AS MATERIALIZED (
  SELECT q.ctid FROM unnest($1::uuid[], $2::uuid[]) AS named (owner, id)
    JOIN event_queue q ON q.organization_id = named.owner AND q.id = named.id
    JOIN events e ON e.organization_id = q.organization_id AND e.id = q.id
  WHERE e.type = q.type AND e.payload = q.payload
  FOR UPDATE OF q SKIP LOCKED),
taken AS (
  DELETE FROM event_queue
  WHERE ctid = ANY (ARRAY (SELECT ctid FROM doubled))
  RETURNING id, organization_id, type, status),
fanned_out AS (
  INSERT INTO event_deliveries (id, organization_id, event_id, endpoint_id,
    status, attempts, next_attempt_at, inserted_at, updated_at)
  SELECT (left(t.id::text, 18) || substr(gen_random_uuid()::text, 19))::uuid,
    t.organization_id, t.id, e.id, 'pending', 0,
    CASE e.kind WHEN 'push'
      THEN coalesce($3::timestamptz, statement_timestamp()) END,
    coalesce($3::timestamptz, statement_timestamp()),
    coalesce($3::timestamptz, statement_timestamp())
  FROM taken t JOIN endpoints e ON e.organization_id = t.organization_id
  WHERE e.removed_at IS NULL AND (e.event_types IS NULL
    OR t.type = ANY (e.event_types) OR t.type ^@ ANY (e.event_prefixes))
  ON CONFLICT (organization_id, event_id, endpoint_id) DO NOTHING),
booked AS (
  INSERT INTO ledger (at, kind, count, organization_id)
  SELECT coalesce($3::timestamptz, statement_timestamp()),
    CASE status WHEN 'quarantined' THEN 'undoubled_quarantined'
      ELSE 'undoubled' END, count(*), organization_id
  FROM taken GROUP BY 2, organization_id)
SELECT id FROM taken ORDER BY id)sql";

// Primary keys begin with the organization: one look-up for each that has rows
// there, not one at every row. $1: the id; $2: whether the payload is wanted.
#define SLUICE_OWNERS_IN(name, table)                                          \
  name " AS ((SELECT organization_id AS id FROM " table                        \
       " ORDER BY organization_id LIMIT 1) UNION ALL"                          \
       " SELECT (SELECT t.organization_id FROM " table " t"                    \
       "  WHERE t.organization_id > o.id ORDER BY t.organization_id LIMIT 1)"  \
       " FROM " name " o WHERE o.id IS NOT NULL)"
#define SLUICE_MICROSECONDS(time)                                              \
  "(extract(epoch FROM " time ") * 1000000)::bigint"
#define SLUICE_PAYLOAD                                                         \
  "dedup_id, octet_length(payload), CASE WHEN $2::boolean THEN payload END"

inline constexpr char
    find_item
        [] =
            "WITH RECURSIVE " SLUICE_OWNERS_IN("waiting",
                                               "event_queue") ","
                                                              " " SLUICE_OWNERS_IN(
                                                                  "storing", "e"
                                                                             "v"
                                                                             "e"
                                                                             "n"
                                                                             "t"
                                                                             "s") ", " SLUICE_OWNERS_IN("leaving", "discarded") " SELECT r.id, "
                                                                                                                                "r.organization_id, "
                                                                                                                                "r.type, r.status, "
                                                                                                                                "r.attempts,"
                                                                                                                                " r.last_error,"
                                                                                                                                " " SLUICE_MICROSECONDS(
                                                                                                                                    "r"
                                                                                                                                    "."
                                                                                                                                    "i"
                                                                                                                                    "n"
                                                                                                                                    "s"
                                                                                                                                    "e"
                                                                                                                                    "r"
                                                                                                                                    "t"
                                                                                                                                    "e"
                                                                                                                                    "d"
                                                                                                                                    "_"
                                                                                                                                    "a"
                                                                                                                                    "t") ", " SLUICE_MICROSECONDS("r.not_before") ", r.claimed_by, " SLUICE_MICROSECONDS("r.processing_started_"
                                                                                                                                                                                                                         "at") ", "
                                                                                                                                                                                                                               "r"
                                                                                                                                                                                                                               "." SLUICE_PAYLOAD
                                                                                                                                                                                                                               ", 'queue', "
                                                                                                                                                                                                                               "NULL::bigint, "
                                                                                                                                                                                                                               "NULL, NULL,"
                                                                                                                                                                                                                               " (SELECT "
                                                                                                                                                                                                                               "n.name FROM "
                                                                                                                                                                                                                               "nodes n WHERE "
                                                                                                                                                                                                                               "n.id::text = "
                                                                                                                                                                                                                               "r.claimed_by)"
                                                                                                                                                                                                                               " FROM waiting "
                                                                                                                                                                                                                               "o, LATERAL "
                                                                                                                                                                                                                               "(SELECT * FROM "
                                                                                                                                                                                                                               "event_queue q"
                                                                                                                                                                                                                               "  WHERE "
                                                                                                                                                                                                                               "q.organization_"
                                                                                                                                                                                                                               "id = o.id AND "
                                                                                                                                                                                                                               "q.id = "
                                                                                                                                                                                                                               "$1::uuid) AS r"
                                                                                                                                                                                                                               " UNION ALL "
                                                                                                                                                                                                                               "SELECT r.id, "
                                                                                                                                                                                                                               "r.organization_"
                                                                                                                                                                                                                               "id, r.type, "
                                                                                                                                                                                                                               "'pending', 0, "
                                                                                                                                                                                                                               "NULL,"
                                                                                                                                                                                                                               " " SLUICE_MICROSECONDS("r.accepted_at") ", " SLUICE_MICROSECONDS("r.accepted_at") ", NULL, NULL, r." SLUICE_PAYLOAD ", 'stored', " SLUICE_MICROSECONDS("r.inserted_"
                                                                                                                                                                                                                                                                                                                                                                                       "at") ", "
                                                                                                                                                                                                                                                                                                                                                                                             "NULL,"
                                                                                                                                                                                                                                                                                                                                                                                             " NULL"
                                                                                                                                                                                                                                                                                                                                                                                             ", "
                                                                                                                                                                                                                                                                                                                                                                                             "NULL"
                                                                                                                                                                                                                                                                                                                                                                                             " FROM"
                                                                                                                                                                                                                                                                                                                                                                                             " stor"
                                                                                                                                                                                                                                                                                                                                                                                             "ing "
                                                                                                                                                                                                                                                                                                                                                                                             "o, "
                                                                                                                                                                                                                                                                                                                                                                                             "LATER"
                                                                                                                                                                                                                                                                                                                                                                                             "AL "
                                                                                                                                                                                                                                                                                                                                                                                             "(SELE"
                                                                                                                                                                                                                                                                                                                                                                                             "CT * "
                                                                                                                                                                                                                                                                                                                                                                                             "FROM "
                                                                                                                                                                                                                                                                                                                                                                                             "event"
                                                                                                                                                                                                                                                                                                                                                                                             "s e"
                                                                                                                                                                                                                                                                                                                                                                                             "  "
                                                                                                                                                                                                                                                                                                                                                                                             "WHERE"
                                                                                                                                                                                                                                                                                                                                                                                             " e."
                                                                                                                                                                                                                                                                                                                                                                                             "organ"
                                                                                                                                                                                                                                                                                                                                                                                             "izati"
                                                                                                                                                                                                                                                                                                                                                                                             "on_"
                                                                                                                                                                                                                                                                                                                                                                                             "id = "
                                                                                                                                                                                                                                                                                                                                                                                             "o.id "
                                                                                                                                                                                                                                                                                                                                                                                             "AND "
                                                                                                                                                                                                                                                                                                                                                                                             "e.id "
                                                                                                                                                                                                                                                                                                                                                                                             "= "
                                                                                                                                                                                                                                                                                                                                                                                             "$1::"
                                                                                                                                                                                                                                                                                                                                                                                             "uuid)"
                                                                                                                                                                                                                                                                                                                                                                                             " AS r"
                                                                                                                                                                                                                                                                                                                                                                                             " UNIO"
                                                                                                                                                                                                                                                                                                                                                                                             "N "
                                                                                                                                                                                                                                                                                                                                                                                             "ALL "
                                                                                                                                                                                                                                                                                                                                                                                             "SELEC"
                                                                                                                                                                                                                                                                                                                                                                                             "T "
                                                                                                                                                                                                                                                                                                                                                                                             "r.id,"
                                                                                                                                                                                                                                                                                                                                                                                             " r."
                                                                                                                                                                                                                                                                                                                                                                                             "organ"
                                                                                                                                                                                                                                                                                                                                                                                             "izati"
                                                                                                                                                                                                                                                                                                                                                                                             "on_"
                                                                                                                                                                                                                                                                                                                                                                                             "id, "
                                                                                                                                                                                                                                                                                                                                                                                             "r."
                                                                                                                                                                                                                                                                                                                                                                                             "type,"
                                                                                                                                                                                                                                                                                                                                                                                             " '"
                                                                                                                                                                                                                                                                                                                                                                                             "pendi"
                                                                                                                                                                                                                                                                                                                                                                                             "ng', "
                                                                                                                                                                                                                                                                                                                                                                                             "0, "
                                                                                                                                                                                                                                                                                                                                                                                             "NULL,"
                                                                                                                                                                                                                                                                                                                                                                                             " " SLUICE_MICROSECONDS("r.accepted_at") ", " SLUICE_MICROSECONDS("r"
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "."
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "a"
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "c"
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "c"
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "e"
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "p"
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "t"
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "e"
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "d"
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "_"
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "a"
                                                                                                                                                                                                                                                                                                                                                                                                                                                               "t") ", NULL, NULL, r." SLUICE_PAYLOAD ", 'discarded', " SLUICE_MICROSECONDS("r.discarded_at") ", r.discarded_by, r.reason, NULL"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              " FROM leaving o, LATERAL (SELECT * FROM discarded d"
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              "  WHERE d.organization_id = o.id AND d.id = $1::uuid) AS r";

#undef SLUICE_OWNERS_IN
#undef SLUICE_MICROSECONDS
#undef SLUICE_PAYLOAD

inline constexpr char note_outcome[] =
    "UPDATE audit_log SET detail = $2::text || ' ' || detail"
    " WHERE seq = $1::bigint AND starts_with(detail, 'act=')";
inline constexpr char position_of_act[] =
    "SELECT currval(pg_get_serial_sequence('audit_log', 'seq'))";

} // namespace sluice::db::postgres::sql
