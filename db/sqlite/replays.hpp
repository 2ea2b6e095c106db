#pragma once

#include <optional>
#include <vector>

#include "db/model/replay.hpp"
#include "db/sqlite/connection.hpp"

/// Replays as jobs, inside a transaction; each does as the method of `store`
/// that is named like it. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

replay_beginning begin_replay(connection &database, const replay_request &fresh,
                              int most, timestamp now);
/// When the next step is due, from now; none: no replay is running. For a look
/// without a turn of the writer.
std::optional<std::chrono::milliseconds> next_replay(connection &database,
                                                     timestamp now);
replay_progress continue_replays(connection &database, int limit,
                                 timestamp now);
std::optional<replay_job> find_replay(connection &database,
                                      organization_id owner, replay_id id);
std::vector<replay_job> replays(connection &database, organization_id owner,
                                endpoint_id endpoint);
std::optional<replay_job> cancel_replay(connection &database,
                                        organization_id owner, replay_id id,
                                        timestamp now);

} // namespace sluice::db::sqlite
