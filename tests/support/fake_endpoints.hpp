#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <vector>

#include "db/store.hpp"

namespace sluice::tests {

/// What a fake store knows of endpoints and deliveries.
struct fake_endpoints {
  std::vector<db::endpoint> list;
  /// What is answered about attempts, and about each step of a replay; no
  /// step: there is nothing to be done.
  std::vector<db::attempt_record> attempts;
  std::deque<db::result<db::replay_outcome>> steps;
  /// The steps that were asked for.
  std::vector<db::replay_order> replays;
  /// What is answered to pullers and to readers of the log, and what they asked
  /// for.
  db::pull_claim pulled;
  db::pull_answer pull_changes;
  std::deque<db::log_page> log_pages;
  std::vector<db::pull_request> pull_requests;
  std::vector<db::pull_order> pull_orders;
  std::vector<db::log_query> log_queries;
  /// Replays that were begun, and how many an organization may have.
  std::vector<db::replay_job> jobs;
  int most_jobs = 0;
  /// Calls of `delivery_attempts`, and of `gateway::endpoints_changed`.
  int attempt_looks = 0;
  std::atomic<int> notices{0};
  /// Runs within `create_endpoint` and `save_endpoint`, before they look at
  /// what is there: somebody else's change.
  std::function<void()> meanwhile;
  /// The fake's time.
  db::timestamp now{std::chrono::hours(500'000)};
};

/// The part of a fake store that is about endpoints and deliveries.
class fake_endpoint_calls : public db::store {
public:
  explicit fake_endpoint_calls(fake_endpoints &data) : endpoints_(data) {}

  db::result<bool> create_endpoint(const db::endpoint &fresh,
                                   int most) override;
  db::result<std::vector<db::endpoint>>
  endpoints(db::organization_id owner) override;
  db::result<std::optional<db::endpoint>>
  find_endpoint(db::organization_id owner, db::endpoint_id id) override;
  db::result<bool> save_endpoint(const db::endpoint &changed) override;
  db::result<bool> remove_endpoint(db::organization_id owner,
                                   db::endpoint_id id) override;
  db::result<int> skip_removed(int limit) override;
  db::result<std::vector<db::endpoint>> active_endpoints() override;
  db::result<db::delivery_claim>
  claim_deliveries(const db::delivery_request &request) override;
  db::result<db::record_outcome>
  record_deliveries(std::span<const db::delivery_result> results) override;
  db::result<int>
  rescue_deliveries(const db::delivery_rescue &request) override;
  db::result<int>
  note_endpoints(std::span<const db::endpoint_note> notes) override;
  db::result<std::vector<db::attempt_record>>
  delivery_attempts(db::organization_id owner, db::event_id event,
                    int limit) override;
  db::result<db::delivery_depth> count_deliveries(int limit) override;
  db::result<db::replay_outcome>
  replay_deliveries(const db::replay_order &order) override;
  db::result<db::pull_claim>
  claim_pulls(const db::pull_request &request) override;
  db::result<db::pull_answer>
  change_pulls(const db::pull_order &order) override;
  db::result<db::log_page> read_log(const db::log_query &query) override;
  db::result<db::replay_beginning> begin_replay(const db::replay_request &fresh,
                                                int most) override;
  db::result<db::replay_progress> continue_replays(int limit) override;
  db::result<std::optional<db::replay_job>>
  find_replay(db::organization_id owner, db::replay_id id) override;
  db::result<std::vector<db::replay_job>>
  replays(db::organization_id owner, db::endpoint_id endpoint) override;
  db::result<std::optional<db::replay_job>>
  cancel_replay(db::organization_id owner, db::replay_id id) override;

private:
  std::vector<db::endpoint>::iterator find(db::organization_id owner,
                                           db::endpoint_id id);
  void let_others();

  fake_endpoints &endpoints_;
};

} // namespace sluice::tests
