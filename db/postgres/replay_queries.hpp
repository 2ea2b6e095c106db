#pragma once

/// The statements of replays as jobs. "Now" and times are as in `queries.hpp`.
namespace sluice::db::postgres::sql {

// Of two that begin at once, the second waits for the row, and counts then.
inline constexpr char lock_owner_of_replays[] =
    "SELECT FROM organizations WHERE id = $1::uuid FOR NO KEY UPDATE";
inline constexpr char may_replay[] = R"sql(
SELECT EXISTS (SELECT FROM endpoints WHERE id = $1::uuid
    AND organization_id = $2::uuid AND kind = 'push' AND removed_at IS NULL),
  (SELECT count(*) FROM replays WHERE organization_id = $2::uuid
    AND state = 'running')::int)sql";
inline constexpr char is_endpoint_there[] = R"sql(
SELECT EXISTS (SELECT FROM endpoints WHERE id = $1::uuid
  AND organization_id = $2::uuid AND kind = 'push' AND removed_at IS NULL))sql";
inline constexpr char add_replay[] = R"sql(
INSERT INTO replays (id, organization_id, endpoint_id, state, since, until,
  dead_letters_only, rate, examined, replayed, reason, due_at, started_at,
  updated_at)
SELECT $1::uuid, $2::uuid, $3::uuid, 'running', $4::timestamptz,
  coalesce($5::timestamptz, moment), $6::boolean, $7::int, 0, 0, '', moment,
  moment, moment
FROM (SELECT coalesce($8::timestamptz, statement_timestamp()) AS moment)
  AS now)sql";
inline constexpr char forget_replays[] = R"sql(
DELETE FROM replays WHERE organization_id = $1::uuid AND state <> 'running'
  AND id NOT IN (SELECT id FROM replays WHERE organization_id = $1::uuid
    AND state <> 'running' ORDER BY id DESC LIMIT $2::int))sql";

// What follows says which.
#define SLUICE_LOOK_AT_REPLAYS                                                 \
  "SELECT id, organization_id, endpoint_id, state,"                            \
  " (extract(epoch FROM since) * 1000000)::bigint,"                            \
  " (extract(epoch FROM until) * 1000000)::bigint, dead_letters_only, rate,"   \
  " examined, replayed, reason,"                                               \
  " (extract(epoch FROM started_at) * 1000000)::bigint,"                       \
  " (extract(epoch FROM updated_at) * 1000000)::bigint, after_id FROM "        \
  "replays "
inline constexpr char find_replay[] =
    SLUICE_LOOK_AT_REPLAYS "WHERE id = $1::uuid AND organization_id = $2::uuid";
inline constexpr char replays_to_endpoint[] = SLUICE_LOOK_AT_REPLAYS
    "WHERE organization_id = $1::uuid AND endpoint_id = $2::uuid"
    " ORDER BY id DESC";
// Who works on it holds its row: others take the next.
inline constexpr char due_replay[] = SLUICE_LOOK_AT_REPLAYS
    "WHERE state = 'running'"
    " AND due_at <= coalesce($1::timestamptz, statement_timestamp())"
    " ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED";
#undef SLUICE_LOOK_AT_REPLAYS

inline constexpr char next_replay[] = R"sql(
SELECT (extract(epoch FROM min(due_at) - coalesce($1::timestamptz,
    clock_timestamp())) * 1000000)::bigint
FROM replays WHERE state = 'running')sql";
inline constexpr char move_replay[] = R"sql(
UPDATE replays SET state = $2::text, reason = $3::text, after_id = $4::uuid,
  examined = examined + $5::bigint, replayed = replayed + $6::bigint,
  due_at = coalesce($8::timestamptz, statement_timestamp())
    + $7::bigint * interval '1 microsecond',
  updated_at = coalesce($8::timestamptz, statement_timestamp())
WHERE id = $1::uuid)sql";
inline constexpr char cancel_replay[] = R"sql(
UPDATE replays SET state = 'cancelled',
  updated_at = coalesce($3::timestamptz, statement_timestamp())
WHERE id = $1::uuid AND organization_id = $2::uuid AND state = 'running')sql";

} // namespace sluice::db::postgres::sql
