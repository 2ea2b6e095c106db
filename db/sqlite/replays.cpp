#include "db/sqlite/replays.hpp"

#include <algorithm>
#include <string>

#include "db/model/replay_pace.hpp"
#include "db/sqlite/deliveries.hpp"
#include "db/sqlite/replay_queries.hpp"

namespace sluice::db::sqlite {

namespace {

/// A row, and the delivery that it has come to.
struct kept_replay {
  replay_job job;
  std::optional<delivery_id> after;
};

kept_replay read_replay(statement_loan &row) {
  kept_replay found;
  auto &job = found.job;
  job.id = replay_id(row.id(0));
  job.organization = organization_id(row.id(1));
  job.endpoint = endpoint_id(row.id(2));
  // A CHECK constraint keeps other texts out.
  job.state =
      parse_replay_state(row.text_view(3)).value_or(replay_state::failed);
  job.since = row.time(4);
  job.until = row.time(5);
  job.dead_letters_only = row.number(6) != 0;
  job.rate = static_cast<int>(row.number(7));
  job.examined = row.number(8);
  job.replayed = row.number(9);
  job.reason = row.text(10);
  job.started_at = row.time(11);
  job.updated_at = row.time(12);
  if (!row.is_null(13))
    found.after = delivery_id(row.id(13));
  return found;
}

bool is_endpoint_there(connection &database, organization_id owner,
                       endpoint_id endpoint) {
  auto query = database.statement(sql::is_endpoint_there);
  return query.bind(1, endpoint).bind(2, owner).next() && query.number(0) != 0;
}

/// Writes down how far a replay has come.
void move_replay(connection &database, const kept_replay &at,
                 const replay_outcome &step, timestamp due_at, timestamp now) {
  std::string state(to_string(at.job.state));
  auto query = database.statement(sql::move_replay);
  query.bind(1, at.job.id).bind(2, state).bind(3, at.job.reason);
  if (at.after)
    query.bind(4, *at.after);
  else
    query.bind_null(4);
  query.bind(5, std::int64_t{step.examined});
  query.bind(6, std::int64_t{step.count});
  query.bind(7, due_at).bind(8, now).run();
}

} // namespace

replay_beginning begin_replay(connection &database, const replay_request &fresh,
                              int most, timestamp now) {
  replay_beginning begun;
  if (!is_endpoint_there(database, fresh.organization, fresh.endpoint)) {
    begun.what = replay_beginning::kind::no_endpoint;
    return begun;
  }
  {
    auto running = database.statement(sql::count_running_replays);
    running.bind(1, fresh.organization);
    if (running.next() && running.number(0) >= most) {
      begun.what = replay_beginning::kind::too_many;
      return begun;
    }
  }
  database.statement(sql::forget_replays)
      .bind(1, fresh.organization)
      .bind(2, std::int64_t{replays_kept - 1})
      .run();
  auto add = database.statement(sql::add_replay);
  add.bind(1, fresh.id).bind(2, fresh.organization).bind(3, fresh.endpoint);
  add.bind(4, fresh.since).bind(5, fresh.until.value_or(now));
  add.bind(6, std::int64_t{fresh.dead_letters_only});
  add.bind(7, std::int64_t{fresh.rate}).bind(8, now).run();
  begun.job =
      find_replay(database, fresh.organization, fresh.id).value_or(begun.job);
  return begun;
}

std::optional<std::chrono::milliseconds> next_replay(connection &database,
                                                     timestamp now) {
  auto query = database.statement(sql::next_replay);
  if (!query.next() || query.is_null(0))
    return std::nullopt;
  return std::max(
      std::chrono::ceil<std::chrono::milliseconds>(query.time(0) - now),
      std::chrono::milliseconds(0));
}

replay_progress continue_replays(connection &database, int limit,
                                 timestamp now) {
  replay_progress done;
  std::optional<kept_replay> found;
  {
    auto row = database.statement(sql::due_replay);
    if (row.bind(1, now).next())
      found = read_replay(row);
  }
  if (found) {
    auto &job = found->job;
    replay_outcome step;
    if (is_endpoint_there(database, job.organization, job.endpoint)) {
      step =
          replay_deliveries(database, step_of(job, found->after, limit), now);
      if (!step.next)
        job.state = replay_state::done;
      found->after = step.next;
    } else {
      job.state = replay_state::failed;
      job.reason = reason_endpoint_removed;
    }
    done.replayed = step.count;
    move_replay(database, *found, step, now + rest_after(job, step.count), now);
  }
  done.next_in = next_replay(database, now);
  return done;
}

std::optional<replay_job> find_replay(connection &database,
                                      organization_id owner, replay_id id) {
  auto row = database.statement(sql::find_replay);
  if (!row.bind(1, id).bind(2, owner).next())
    return std::nullopt;
  return read_replay(row).job;
}

std::vector<replay_job> replays(connection &database, organization_id owner,
                                endpoint_id endpoint) {
  std::vector<replay_job> found;
  auto rows = database.statement(sql::replays_to_endpoint);
  rows.bind(1, owner).bind(2, endpoint);
  while (rows.next())
    found.push_back(read_replay(rows).job);
  return found;
}

std::optional<replay_job> cancel_replay(connection &database,
                                        organization_id owner, replay_id id,
                                        timestamp now) {
  database.statement(sql::cancel_replay)
      .bind(1, id)
      .bind(2, owner)
      .bind(3, now)
      .run();
  return find_replay(database, owner, id);
}

} // namespace sluice::db::sqlite
