#include <algorithm>
#include <string>

#include "db/model/replay_pace.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/replay_queries.hpp"
#include "db/postgres/replay_step.hpp"

namespace sluice::db::postgres {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

replay_job read_replay(const pqxx::row &row) {
  replay_job job;
  job.id = replay_id(read_uuid(row[0].c_str()));
  job.organization = organization_id(read_uuid(row[1].c_str()));
  job.endpoint = endpoint_id(read_uuid(row[2].c_str()));
  // A CHECK constraint keeps other texts out.
  job.state = parse_replay_state(row[3].c_str()).value_or(replay_state::failed);
  job.since = read_time(row[4].c_str());
  job.until = read_time(row[5].c_str());
  job.dead_letters_only = row[6].as<bool>();
  job.rate = row[7].as<int>();
  job.examined = row[8].as<std::int64_t>();
  job.replayed = row[9].as<std::int64_t>();
  job.reason = row[10].as<std::string>();
  job.started_at = read_time(row[11].c_str());
  job.updated_at = read_time(row[12].c_str());
  return job;
}

std::optional<replay_job> find_in(pqxx::nontransaction &transaction,
                                  organization_id owner, replay_id id) {
  auto rows = transaction.exec_params(sql::find_replay, id.to_string(),
                                      owner.to_string());
  if (rows.empty())
    return std::nullopt;
  return read_replay(rows[0]);
}

std::optional<milliseconds> next_step(pqxx::nontransaction &transaction,
                                      const std::optional<std::string> &now) {
  auto row = transaction.exec_params1(sql::next_replay, now);
  if (row[0].is_null())
    return std::nullopt;
  return std::max(
      std::chrono::ceil<milliseconds>(microseconds(row[0].as<long long>())),
      milliseconds(0));
}

/// Makes a step of the replay in this row, and writes down where it ended.
/// Returns how many are due again.
int make_step(pqxx::nontransaction &transaction, const pqxx::row &row,
              int limit, const std::optional<std::string> &now) {
  auto job = read_replay(row);
  std::optional<delivery_id> after;
  if (!row[13].is_null())
    after = delivery_id(read_uuid(row[13].c_str()));
  replay_outcome step;
  auto endpoint =
      transaction.exec_params1(sql::is_endpoint_there, job.endpoint.to_string(),
                               job.organization.to_string());
  if (endpoint[0].as<bool>()) {
    step = replay_some(transaction, step_of(job, after, limit), now);
    if (!step.next)
      job.state = replay_state::done;
    after = step.next;
  } else {
    job.state = replay_state::failed;
    job.reason = reason_endpoint_removed;
  }
  std::optional<std::string> reached;
  if (after)
    reached = after->to_string();
  transaction.exec_params(
      sql::move_replay, job.id.to_string(), std::string(to_string(job.state)),
      job.reason, reached, step.examined, step.count,
      static_cast<long long>(rest_after(job, step.count).count()), now);
  return step.count;
}

} // namespace

result<replay_beginning>
postgres_store::begin_replay(const replay_request &fresh, int most) {
  using kind = replay_beginning::kind;
  replay_beginning begun;
  auto work = [&](pqxx::nontransaction &transaction) {
    auto now = session_->now();
    const auto owner = fresh.organization.to_string();
    transaction.exec_params(sql::lock_owner_of_replays, owner);
    auto may = transaction.exec_params1(sql::may_replay,
                                        fresh.endpoint.to_string(), owner);
    if (!may[0].as<bool>() || may[1].as<int>() >= most) {
      begun.what = may[0].as<bool>() ? kind::too_many : kind::no_endpoint;
      return;
    }
    transaction.exec_params(sql::forget_replays, owner, replays_kept - 1);
    std::optional<std::string> until;
    if (fresh.until)
      until = to_rfc3339(*fresh.until);
    transaction.exec_params(sql::add_replay, fresh.id.to_string(), owner,
                            fresh.endpoint.to_string(), to_rfc3339(fresh.since),
                            until, fresh.dead_letters_only, fresh.rate, now);
    begun.job =
        find_in(transaction, fresh.organization, fresh.id).value_or(begun.job);
  };
  auto done = session_->write(
      "begin replay", [] { return doubt(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return begun;
}

result<replay_progress> postgres_store::continue_replays(int limit) {
  replay_progress progress;
  auto seen =
      session_->look("continue replays", [&](pqxx::nontransaction &look) {
        progress.next_in = next_step(look, session_->now());
      });
  if (!seen)
    return tl::unexpected(std::move(seen.error()));
  if (!progress.next_in || progress.next_in->count() > 0)
    return progress;
  auto done = session_->write(
      "continue replays", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        auto now = session_->now();
        auto rows = transaction.exec_params(sql::due_replay, now);
        if (!rows.empty())
          progress.replayed = make_step(transaction, rows[0], limit, now);
        progress.next_in = next_step(transaction, now);
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return progress;
}

result<std::optional<replay_job>>
postgres_store::find_replay(organization_id owner, replay_id id) {
  std::optional<replay_job> found;
  auto done =
      session_->look("find replay", [&](pqxx::nontransaction &transaction) {
        found = find_in(transaction, owner, id);
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found;
}

result<std::vector<replay_job>> postgres_store::replays(organization_id owner,
                                                        endpoint_id endpoint) {
  std::vector<replay_job> found;
  auto done = session_->look("replays", [&](pqxx::nontransaction &transaction) {
    auto rows = transaction.exec_params(
        sql::replays_to_endpoint, owner.to_string(), endpoint.to_string());
    for (const auto &row : rows)
      found.push_back(read_replay(row));
  });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found;
}

result<std::optional<replay_job>>
postgres_store::cancel_replay(organization_id owner, replay_id id) {
  std::optional<replay_job> found;
  auto done = session_->write(
      "cancel replay", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        transaction.exec_params(sql::cancel_replay, id.to_string(),
                                owner.to_string(), session_->now());
        found = find_in(transaction, owner, id);
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found;
}

} // namespace sluice::db::postgres
