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

private:
  std::vector<db::endpoint>::iterator find(db::organization_id owner,
                                           db::endpoint_id id);
  void let_others();

  fake_endpoints &endpoints_;
};

} // namespace sluice::tests
