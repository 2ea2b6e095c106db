#include "tests/support/fake_endpoints.hpp"

#include <algorithm>
#include <utility>

// As for the rest of the fake: nothing here calls a function that is not
// inline.

namespace sluice::tests {

namespace {

template <class T>
db::result<T> not_here() {
  return db::fail(db::errc::rejected, "the fake has no such call");
}

} // namespace

db::result<bool> fake_endpoint_calls::create_endpoint(const db::endpoint &fresh,
                                                      int most) {
  let_others();
  int count = 0;
  bool has_default = false;
  for (const auto &one : endpoints_.list)
    if (one.organization == fresh.organization) {
      ++count;
      has_default = has_default || one.is_default;
    }
  if (count >= most || (fresh.is_default && has_default))
    return false;
  endpoints_.list.push_back(fresh);
  endpoints_.list.back().version = 1;
  endpoints_.list.back().inserted_at = endpoints_.now;
  endpoints_.list.back().updated_at = endpoints_.now;
  return true;
}

db::result<std::vector<db::endpoint>>
fake_endpoint_calls::endpoints(db::organization_id owner) {
  std::vector<db::endpoint> out;
  for (const auto &one : endpoints_.list)
    if (one.organization == owner)
      out.push_back(one);
  return out;
}

db::result<std::optional<db::endpoint>>
fake_endpoint_calls::find_endpoint(db::organization_id owner,
                                   db::endpoint_id id) {
  const auto found = find(owner, id);
  if (found == endpoints_.list.end())
    return std::nullopt;
  return *found;
}

db::result<bool>
fake_endpoint_calls::save_endpoint(const db::endpoint &changed) {
  let_others();
  const auto found = find(changed.organization, changed.id);
  if (found == endpoints_.list.end() || found->version != changed.version)
    return false;
  db::endpoint next = changed;
  next.inserted_at = found->inserted_at;
  next.failing_since = found->failing_since;
  if (next.state == db::endpoint_state::active && found->state != next.state)
    next.failing_since.reset();
  next.updated_at = endpoints_.now;
  ++next.version;
  *found = std::move(next);
  return true;
}

db::result<bool> fake_endpoint_calls::remove_endpoint(db::organization_id owner,
                                                      db::endpoint_id id) {
  const auto found = find(owner, id);
  if (found == endpoints_.list.end())
    return false;
  endpoints_.list.erase(found);
  return true;
}

db::result<int> fake_endpoint_calls::skip_removed(int /*limit*/) {
  return not_here<int>();
}

db::result<std::vector<db::endpoint>> fake_endpoint_calls::active_endpoints() {
  return not_here<std::vector<db::endpoint>>();
}

db::result<db::delivery_claim> fake_endpoint_calls::claim_deliveries(
    const db::delivery_request & /*request*/) {
  return not_here<db::delivery_claim>();
}

db::result<db::record_outcome> fake_endpoint_calls::record_deliveries(
    std::span<const db::delivery_result> /*results*/) {
  return not_here<db::record_outcome>();
}

db::result<int> fake_endpoint_calls::rescue_deliveries(
    const db::delivery_rescue & /*request*/) {
  return not_here<int>();
}

db::result<int> fake_endpoint_calls::note_endpoints(
    std::span<const db::endpoint_note> /*notes*/) {
  return not_here<int>();
}

db::result<std::vector<db::attempt_record>>
fake_endpoint_calls::delivery_attempts(db::organization_id /*owner*/,
                                       db::event_id /*event*/, int limit) {
  ++endpoints_.attempt_looks;
  auto out = endpoints_.attempts;
  out.resize(std::min(out.size(), static_cast<std::size_t>(limit)));
  return out;
}

db::result<db::delivery_depth>
fake_endpoint_calls::count_deliveries(int /*limit*/) {
  return not_here<db::delivery_depth>();
}

db::result<db::replay_outcome>
fake_endpoint_calls::replay_deliveries(const db::replay_order &order) {
  endpoints_.replays.push_back(order);
  if (endpoints_.steps.empty())
    return db::replay_outcome{};
  auto out = std::move(endpoints_.steps.front());
  endpoints_.steps.pop_front();
  return out;
}

db::result<db::replay_beginning>
fake_endpoint_calls::begin_replay(const db::replay_request &fresh, int most) {
  db::replay_beginning out;
  endpoints_.most_jobs = most;
  int running = 0;
  for (const auto &job : endpoints_.jobs)
    if (job.state == db::replay_state::running)
      ++running;
  if (find(fresh.organization, fresh.endpoint) == endpoints_.list.end()) {
    out.what = db::replay_beginning::kind::no_endpoint;
  } else if (running >= most) {
    out.what = db::replay_beginning::kind::too_many;
  } else {
    out.job.id = fresh.id;
    out.job.organization = fresh.organization;
    out.job.endpoint = fresh.endpoint;
    out.job.since = fresh.since;
    out.job.until = fresh.until.value_or(endpoints_.now);
    out.job.dead_letters_only = fresh.dead_letters_only;
    out.job.rate = fresh.rate;
    out.job.started_at = endpoints_.now;
    out.job.updated_at = endpoints_.now;
    endpoints_.jobs.push_back(out.job);
  }
  return out;
}

db::result<db::replay_progress>
fake_endpoint_calls::continue_replays(int /*limit*/) {
  return not_here<db::replay_progress>();
}

db::result<std::optional<db::replay_job>>
fake_endpoint_calls::find_replay(db::organization_id owner, db::replay_id id) {
  for (const auto &job : endpoints_.jobs)
    if (job.organization == owner && job.id == id)
      return job;
  return std::nullopt;
}

db::result<std::vector<db::replay_job>>
fake_endpoint_calls::replays(db::organization_id owner,
                             db::endpoint_id endpoint) {
  std::vector<db::replay_job> out;
  for (const auto &job : endpoints_.jobs)
    if (job.organization == owner && job.endpoint == endpoint)
      out.insert(out.begin(), job);
  return out;
}

db::result<std::optional<db::replay_job>>
fake_endpoint_calls::cancel_replay(db::organization_id owner,
                                   db::replay_id id) {
  for (auto &job : endpoints_.jobs)
    if (job.organization == owner && job.id == id) {
      if (job.state == db::replay_state::running)
        job.state = db::replay_state::cancelled;
      return job;
    }
  return std::nullopt;
}

std::vector<db::endpoint>::iterator
fake_endpoint_calls::find(db::organization_id owner, db::endpoint_id id) {
  return std::find_if(
      endpoints_.list.begin(), endpoints_.list.end(),
      [&](auto &one) { return one.organization == owner && one.id == id; });
}

void fake_endpoint_calls::let_others() {
  if (endpoints_.meanwhile)
    endpoints_.meanwhile();
}

db::result<db::pull_claim>
fake_endpoint_calls::claim_pulls(const db::pull_request &request) {
  endpoints_.pull_requests.push_back(request);
  return endpoints_.pulled;
}

db::result<db::pull_answer>
fake_endpoint_calls::change_pulls(const db::pull_order &order) {
  endpoints_.pull_orders.push_back(order);
  return endpoints_.pull_changes;
}

db::result<db::log_page>
fake_endpoint_calls::read_log(const db::log_query &query) {
  endpoints_.log_queries.push_back(query);
  db::log_page page;
  page.reached = query.from.value_or(db::log_position());
  if (!endpoints_.log_pages.empty()) {
    page = std::move(endpoints_.log_pages.front());
    endpoints_.log_pages.pop_front();
  }
  return page;
}

} // namespace sluice::tests
