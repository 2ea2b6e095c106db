#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "actors/gateway.hpp"
#include "tests/support/fake_endpoints.hpp"

namespace sluice::tests {

/// What the fake keeps: an event, with the state of its delivery.
struct fake_event {
  db::new_event event;
  db::delivery_status status = db::delivery_status::pending;
  db::event_view::place where = db::event_view::place::stored;
  db::uuid delivery{};
};

/// An operator's order as it reached the store.
struct fake_order {
  std::string what;
  std::vector<db::event_id> ids;
  std::string actor;
  std::string reason;
};

/// A gateway over memory that runs every call on the caller's thread. Events
/// are in the log as soon as they are accepted. Thread-safe.
class fake_gateway : public actors::gateway {
public:
  void accept_later(std::vector<db::new_event> events,
                    on_accepted done) override;
  actors::health_sample health() const override { return sample; }
  actors::metrics_sample metrics() const override {
    auto shown = counted;
    shown.health = sample;
    return shown;
  }
  actors::intake_state intake(db::organization_id owner,
                              std::size_t count) const override;
  void poll_now() override { ++polls; }
  void endpoints_changed() override { ++webhooks.notices; }
  bool restart(std::string_view child) override {
    restarted.emplace_back(child);
    return child == "poller";
  }
  std::vector<actors::part_view> parts() const override { return part_list; }
  std::shared_ptr<const config::settings> settings() const override {
    return held;
  }
  /// Lets these settings hold, as they were found at the start.
  void apply(config::settings next) {
    held = std::make_shared<const config::settings>(next);
    view.held.found.values = next;
    view.held.now.values = std::move(next);
  }
  actors::settings_view_ptr settings_in_full() const override {
    return std::make_shared<const actors::settings_view>(view);
  }
  void reload_settings_soon() override { ++reloads; }
  std::chrono::milliseconds patience() const override {
    return std::chrono::milliseconds(1000);
  }

  std::shared_ptr<const config::settings> held =
      std::make_shared<const config::settings>();
  std::vector<actors::part_view> part_list;
  /// All that is known of the settings.
  actors::settings_view view;
  /// What is wrong with the next change or load, and what it changes.
  std::vector<config::fault> settings_faults;
  std::vector<config::difference> differences;
  std::vector<actors::settings_change> settings_changes;
  std::atomic<int> reloads{0};
  /// What operators asked for.
  std::atomic<int> polls{0};
  std::vector<std::string> restarted;
  std::vector<db::gate_change> changes;
  std::vector<std::string> nodes_behind;
  std::vector<db::node_view> nodes;
  /// What was asked for last, and what is answered.
  std::optional<db::item_query> asked_items;
  std::vector<db::item_view> items;
  std::optional<db::audit_query> asked_audit;
  std::vector<db::audit_record> audit_records;
  std::optional<db::drain_certificate> last_drain;
  std::vector<fake_order> orders;
  /// Rollbacks, and whatever else is kept of that sort; newest first.
  std::vector<db::procedure> procedures;
  /// What is found of damage, of an event, and what a recovery does.
  std::optional<db::assess_request> asked_damage;
  db::assessment damage;
  std::vector<db::item_record> records;
  db::recovery_outcome recovery;
  /// What was noted before it was done, and what came of it.
  std::vector<db::act_note> acts;
  std::vector<std::string> outcomes;
  /// Books can't be checked in time.
  bool books_take_too_long = false;
  /// What the next check of the books finds.
  db::ledger_report books;

  /// Every call fails with this from now on, until it is set to nothing.
  std::optional<db::error> outage;
  /// What the store answers for the n-th event of an `accept`, instead of
  /// taking it.
  std::map<std::size_t, db::error> item_errors;
  /// Calls of `find_key`.
  std::atomic<int> key_lookups{0};
  /// Runs within `find_key`, before it answers.
  std::function<void()> during_lookup;
  actors::health_sample sample;
  /// What is counted beside the sample.
  actors::metrics_sample counted;
  /// While it is set, the queue is full.
  std::optional<std::chrono::seconds> full_for;
  /// While it is set, this organization has too much waiting.
  std::optional<db::organization_id> refused_owner;
  /// Of more events than that.
  std::size_t refused_above = 0;

  fake_endpoints webhooks;
  /// Calls of the store go to this session, once it is set.
  db::store *session = nullptr;
  std::vector<fake_event> events;
  std::map<db::organization_id, db::organization> organizations;
  std::vector<db::api_key> keys;
  /// The fake's time, in microseconds since the epoch.
  db::timestamp now{std::chrono::hours(500'000)};
  std::mutex mutex;

protected:
  void run(store_call call) override;
  void run_apart(store_call call) override { run(std::move(call)); }
  void order(db::gate_change change, std::chrono::milliseconds wait,
             on_result<actors::gate_answer> done) override;
  void audit(int most, on_result<db::ledger_report> done) override;
  void rescue(on_result<db::rescue_outcome> done) override;
  void override_settings(actors::settings_change change,
                         on_result<actors::settings_answer> done) override;
  void reload(on_result<actors::settings_answer> done) override;

private:
  db::result<actors::accept_reply> accept_all(std::vector<db::new_event> fresh);
  db::result<db::accept_outcome> accept_one(db::new_event event);
};

} // namespace sluice::tests
