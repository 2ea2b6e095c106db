#include "actors/drill/drillable_source.hpp"

#include <utility>
#include <vector>

namespace sluice::actors {

namespace {

constexpr char poisoned[] = "move: poisoned by a drill";

tl::unexpected<db::error> cut_off(const char *operation) {
  return db::fail(db::errc::unavailable,
                  std::string(operation) + ": a drill keeps the database away");
}

class drillable_session final : public db::store {
public:
  drillable_session(std::unique_ptr<db::store> inner,
                    std::shared_ptr<drill_faults> faults)
      : inner_(std::move(inner)), faults_(std::move(faults)) {}

  bool is_connected() const override {
    return !is_spent_ && !faults_->is_cut_off() && inner_->is_connected();
  }

  db::result<std::vector<db::accept_outcome>>
  accept(std::span<const db::new_event> events,
         std::chrono::seconds window) override {
    return call("accept", [&] { return inner_->accept(events, window); });
  }
  db::result<std::optional<std::vector<db::accept_outcome>>>
  resolve(const db::error &doubt) override {
    return call("resolve", [&] { return inner_->resolve(doubt); });
  }

  db::result<db::claim> claim_items(const db::claim_request &request) override {
    return call("claim_items", [&] {
      if (const auto ghost = faults_->ghost())
        strand(*ghost);
      auto taken = inner_->claim_items(request);
      if (taken)
        faults_->note_claim(*taken);
      return taken;
    });
  }
  db::result<int> move(db::claim_id fence) override {
    return call("move", [&]() -> db::result<int> {
      if (faults_->has_poison(fence))
        return db::fail(db::errc::rejected, poisoned);
      return inner_->move(fence);
    });
  }
  db::result<db::move_outcome>
  move_each(db::claim_id fence, std::span<const db::event_id> ids) override {
    return call("move_each", [&] { return move_others(fence, ids); });
  }
  db::result<db::fail_outcome>
  fail_items(db::claim_id fence,
             std::span<const db::failure> failures) override {
    return call("fail_items",
                [&] { return inner_->fail_items(fence, failures); });
  }
  db::result<int> release(db::claim_id fence,
                          std::span<const db::event_id> ids) override {
    return call("release", [&] { return inner_->release(fence, ids); });
  }
  db::result<db::rescue_outcome>
  rescue(const db::rescue_request &request) override {
    return call("rescue", [&] { return inner_->rescue(request); });
  }
  db::result<db::queue_depth> depth(const db::depth_request &request) override {
    return call("depth", [&] { return inner_->depth(request); });
  }
  db::result<db::backlogs> count_backlogs(long limit) override {
    return call("count_backlogs",
                [&] { return inner_->count_backlogs(limit); });
  }

  db::result<int> enlist(const db::node &self) override {
    return call("enlist", [&] { return inner_->enlist(self); });
  }
  db::result<bool> heartbeat(db::node_id self,
                             std::int64_t gate_version) override {
    return call("heartbeat",
                [&] { return inner_->heartbeat(self, gate_version); });
  }
  db::result<std::vector<db::node_view>> nodes() override {
    return call("nodes", [&] { return inner_->nodes(); });
  }
  db::result<int> retire(db::node_id self) override {
    return call("retire", [&] { return inner_->retire(self); });
  }
  db::result<bool> hold_duty(db::node_id self, db::duty what,
                             std::chrono::milliseconds lease) override {
    return call("hold_duty",
                [&] { return inner_->hold_duty(self, what, lease); });
  }

  db::result<std::optional<db::event_view>>
  find_event(db::organization_id owner, db::event_id id) override {
    return call("find_event", [&] { return inner_->find_event(owner, id); });
  }
  db::result<std::vector<db::inbox_entry>>
  inbox(const db::inbox_query &query) override {
    return call("inbox", [&] { return inner_->inbox(query); });
  }
  db::result<std::vector<db::ack_outcome>>
  acknowledge(db::organization_id owner,
              std::span<const db::event_id> ids) override {
    return call("acknowledge", [&] { return inner_->acknowledge(owner, ids); });
  }

  db::result<void> create_organization(const db::organization &owner,
                                       const db::api_key &key) override {
    return call("create_organization",
                [&] { return inner_->create_organization(owner, key); });
  }
  db::result<std::optional<db::principal>>
  find_key(const db::sha256_digest &hash) override {
    return call("find_key", [&] { return inner_->find_key(hash); });
  }
  db::result<std::vector<db::api_key>>
  keys(db::organization_id owner) override {
    return call("keys", [&] { return inner_->keys(owner); });
  }
  db::result<void> rotate_key(const db::api_key &fresh,
                              std::chrono::seconds grace) override {
    return call("rotate_key", [&] { return inner_->rotate_key(fresh, grace); });
  }
  db::result<std::int64_t>
  remove_organization(db::organization_id owner, std::string_view actor,
                      std::string_view reason) override {
    return call("remove_organization", [&] {
      return inner_->remove_organization(owner, actor, reason);
    });
  }

  db::result<db::gate_state> gate() override {
    return call("gate", [&] { return inner_->gate(); });
  }
  db::result<std::optional<db::gate_state>>
  change_gate(const db::gate_change &change) override {
    return call("change_gate", [&] { return inner_->change_gate(change); });
  }
  db::result<std::optional<db::drain_certificate>> finish_drain() override {
    return call("finish_drain", [&] { return inner_->finish_drain(); });
  }
  db::result<std::optional<db::drain_certificate>> last_drain() override {
    return call("last_drain", [&] { return inner_->last_drain(); });
  }

  db::result<db::ledger_report>
  verify(int most, std::chrono::milliseconds limit) override {
    return call("verify", [&] { return inner_->verify(most, limit); });
  }
  db::result<db::ledger_report>
  repair_ledger(std::string_view actor, std::string_view reason) override {
    return call("repair_ledger",
                [&] { return inner_->repair_ledger(actor, reason); });
  }
  db::result<void> keep_verdict(const db::ledger_verdict &found) override {
    return call("keep_verdict", [&] { return inner_->keep_verdict(found); });
  }
  db::result<std::optional<db::ledger_verdict>> last_verdict() override {
    return call("last_verdict", [&] { return inner_->last_verdict(); });
  }
  db::result<db::compaction_outcome>
  compact_ledger(const db::compaction_request &request) override {
    return call("compact_ledger",
                [&] { return inner_->compact_ledger(request); });
  }
  db::result<int> requeue(const db::item_order &order) override {
    return call("requeue", [&] { return inner_->requeue(order); });
  }
  db::result<int> discard(const db::item_order &order) override {
    return call("discard", [&] { return inner_->discard(order); });
  }

  db::result<bool> begin_procedure(const db::procedure &fresh,
                                   const db::procedure_note &note) override {
    return call("begin_procedure",
                [&] { return inner_->begin_procedure(fresh, note); });
  }
  db::result<bool> save_procedure(const db::procedure &changed,
                                  const db::procedure_note &note) override {
    return call("save_procedure",
                [&] { return inner_->save_procedure(changed, note); });
  }
  db::result<std::vector<db::procedure>> procedures(std::string_view kind,
                                                    int limit) override {
    return call("procedures", [&] { return inner_->procedures(kind, limit); });
  }

  db::result<db::setting_overrides> overrides() override {
    return call("overrides", [&] { return inner_->overrides(); });
  }
  db::result<std::optional<db::setting_overrides>>
  change_overrides(const db::override_change &change) override {
    return call("change_overrides",
                [&] { return inner_->change_overrides(change); });
  }

  db::result<std::vector<db::item_view>>
  list_items(const db::item_query &query) override {
    return call("list_items", [&] { return inner_->list_items(query); });
  }
  db::result<std::vector<db::audit_record>>
  list_audit(const db::audit_query &query) override {
    return call("list_audit", [&] { return inner_->list_audit(query); });
  }

  db::result<std::string> shared_secret(std::string_view name) override {
    return call("shared_secret", [&] { return inner_->shared_secret(name); });
  }

  db::result<db::assessment>
  assess(const db::assess_request &request) override {
    return call("assess", [&] { return inner_->assess(request); });
  }
  db::result<db::recovery_outcome>
  recover(const db::recovery_order &order) override {
    return call("recover", [&] { return inner_->recover(order); });
  }
  db::result<std::vector<db::item_record>>
  find_item(db::event_id id, bool with_payload) override {
    return call("find_item",
                [&] { return inner_->find_item(id, with_payload); });
  }
  db::result<std::int64_t> note_act(const db::act_note &note) override {
    return call("note_act", [&] { return inner_->note_act(note); });
  }
  db::result<void> note_outcome(std::int64_t position,
                                std::string_view outcome) override {
    return call("note_outcome",
                [&] { return inner_->note_outcome(position, outcome); });
  }

private:
  template <class Effect>
  auto call(const char *operation, Effect effect) -> decltype(effect()) {
    is_spent_ = is_spent_ || faults_->is_cut_off();
    if (is_spent_)
      return cut_off(operation);
    return effect();
  }

  void strand(const drill_ghost &ghost) {
    constexpr int at_once = 1000;
    const auto taken = inner_->claim_items({.node = ghost.node,
                                            .id = db::claim_id::generate(),
                                            .limit = at_once,
                                            .owner = ghost.owner});
    if (taken)
      faults_->note_stranded(taken->items.size());
  }

  db::result<db::move_outcome> move_others(db::claim_id fence,
                                           std::span<const db::event_id> ids) {
    std::vector<db::event_id> others;
    std::vector<db::refused_item> refused;
    for (const auto &id : ids)
      if (faults_->refuse(id))
        refused.push_back({id, poisoned});
      else
        others.push_back(id);
    auto moved = inner_->move_each(fence, others);
    if (moved)
      moved->refused.insert(moved->refused.end(), refused.begin(),
                            refused.end());
    return moved;
  }

  std::unique_ptr<db::store> inner_;
  std::shared_ptr<drill_faults> faults_;
  /// A session that was cut off once stays so, as one of a real outage does.
  bool is_spent_ = false;
};

} // namespace

drillable_source::drillable_source(std::shared_ptr<db::store_source> inner)
    : inner_(std::move(inner)), faults_(std::make_shared<drill_faults>()) {}

db::result<std::unique_ptr<db::store>>
drillable_source::connect(db::purpose what_for) {
  if (faults_->is_cut_off())
    return cut_off("connect");
  auto session = inner_->connect(what_for);
  if (!session)
    return session;
  return std::make_unique<drillable_session>(std::move(*session), faults_);
}

db::result<db::schema_state> drillable_source::schema() {
  if (faults_->is_cut_off())
    return cut_off("schema");
  return inner_->schema();
}

} // namespace sluice::actors
