#pragma once

/// The statements of replays as jobs. Times are parameters.
namespace sluice::db::sqlite::sql {

inline constexpr char is_endpoint_there[] =
    "SELECT EXISTS (SELECT 1 FROM endpoints WHERE id = ?1"
    " AND organization_id = ?2 AND kind = 'push' AND removed_at IS NULL)";
inline constexpr char count_running_replays[] =
    "SELECT count(*) FROM replays WHERE organization_id = ?1"
    " AND state = 'running'";
inline constexpr char add_replay[] =
    "INSERT INTO replays (id, organization_id, endpoint_id, state, since,"
    " until, dead_letters_only, rate, examined, replayed, reason, due_at,"
    " started_at, updated_at)"
    " VALUES (?1, ?2, ?3, 'running', ?4, ?5, ?6, ?7, 0, 0, '', ?8, ?8, ?8)";
inline constexpr char forget_replays[] =
    "DELETE FROM replays WHERE organization_id = ?1 AND state <> 'running'"
    " AND id NOT IN (SELECT id FROM replays WHERE organization_id = ?1"
    "  AND state <> 'running' ORDER BY id DESC LIMIT ?2)";

#define SLUICE_LOOK_AT_REPLAYS                                                 \
  "SELECT id, organization_id, endpoint_id, state, since, until,"              \
  " dead_letters_only, rate, examined, replayed, reason, started_at,"          \
  " updated_at, after_id FROM replays"
inline constexpr char find_replay[] =
    SLUICE_LOOK_AT_REPLAYS " WHERE id = ?1 AND organization_id = ?2";
inline constexpr char replays_to_endpoint[] = SLUICE_LOOK_AT_REPLAYS
    " WHERE organization_id = ?1 AND endpoint_id = ?2 ORDER BY id DESC";
inline constexpr char due_replay[] = SLUICE_LOOK_AT_REPLAYS
    " WHERE state = 'running' AND due_at <= ?1 ORDER BY due_at LIMIT 1";
#undef SLUICE_LOOK_AT_REPLAYS

inline constexpr char next_replay[] =
    "SELECT min(due_at) FROM replays WHERE state = 'running'";
inline constexpr char move_replay[] =
    "UPDATE replays SET state = ?2, reason = ?3, after_id = ?4,"
    " examined = examined + ?5, replayed = replayed + ?6, due_at = ?7,"
    " updated_at = ?8 WHERE id = ?1";
inline constexpr char cancel_replay[] =
    "UPDATE replays SET state = 'cancelled', updated_at = ?3"
    " WHERE id = ?1 AND organization_id = ?2 AND state = 'running'";

} // namespace sluice::db::sqlite::sql
