#pragma once

#include <memory>
#include <utility>

#include "db/store.hpp"

namespace sluice::db {

/// A session around another: each call goes to `Self::around(name, effect)`,
/// which answers what `effect()` answers, or something else in its place. The
/// calls that want more than that are overridden. `Self` derives from it and
/// makes it its friend (the "curiously recurring template").
template <class Self>
class store_around : public store {
public:
  explicit store_around(std::unique_ptr<store> inner)
      : inner_(std::move(inner)) {}

  bool is_connected() const override { return inner_->is_connected(); }

  result<std::vector<accept_outcome>>
  accept(std::span<const new_event> events,
         std::chrono::seconds window) override {
    return own().around("accept",
                        [&] { return inner_->accept(events, window); });
  }
  result<std::optional<std::vector<accept_outcome>>>
  resolve(const error &doubt) override {
    return own().around("resolve", [&] { return inner_->resolve(doubt); });
  }

  result<claim> claim_items(const claim_request &request) override {
    return own().around("claim_items",
                        [&] { return inner_->claim_items(request); });
  }
  result<int> move(claim_id fence) override {
    return own().around("move", [&] { return inner_->move(fence); });
  }
  result<move_outcome> move_each(claim_id fence,
                                 std::span<const event_id> ids) override {
    return own().around("move_each",
                        [&] { return inner_->move_each(fence, ids); });
  }
  result<due_outcome> move_due(const due_request &request) override {
    return own().around("move_due", [&] { return inner_->move_due(request); });
  }
  result<fail_outcome> fail_items(claim_id fence,
                                  std::span<const failure> failures) override {
    return own().around("fail_items",
                        [&] { return inner_->fail_items(fence, failures); });
  }
  result<int> release(claim_id fence, std::span<const event_id> ids) override {
    return own().around("release", [&] { return inner_->release(fence, ids); });
  }
  result<rescue_outcome> rescue(const rescue_request &request) override {
    return own().around("rescue", [&] { return inner_->rescue(request); });
  }
  result<queue_depth> depth(const depth_request &request) override {
    return own().around("depth", [&] { return inner_->depth(request); });
  }
  result<backlogs> count_backlogs(long limit) override {
    return own().around("count_backlogs",
                        [&] { return inner_->count_backlogs(limit); });
  }

  result<int> enlist(const node &self) override {
    return own().around("enlist", [&] { return inner_->enlist(self); });
  }
  result<bool> heartbeat(node_id self, std::int64_t gate_version) override {
    return own().around("heartbeat",
                        [&] { return inner_->heartbeat(self, gate_version); });
  }
  result<std::vector<node_view>> nodes() override {
    return own().around("nodes", [&] { return inner_->nodes(); });
  }
  result<int> retire(node_id self) override {
    return own().around("retire", [&] { return inner_->retire(self); });
  }
  result<bool> hold_duty(node_id self, duty what,
                         std::chrono::milliseconds lease) override {
    return own().around("hold_duty",
                        [&] { return inner_->hold_duty(self, what, lease); });
  }

  result<std::optional<event_view>> find_event(organization_id owner,
                                               event_id id) override {
    return own().around("find_event",
                        [&] { return inner_->find_event(owner, id); });
  }
  result<std::vector<inbox_entry>> inbox(const inbox_query &query) override {
    return own().around("inbox", [&] { return inner_->inbox(query); });
  }
  result<std::vector<ack_outcome>>
  acknowledge(organization_id owner, std::span<const event_id> ids) override {
    return own().around("acknowledge",
                        [&] { return inner_->acknowledge(owner, ids); });
  }

  result<bool> create_endpoint(const endpoint &fresh, int most) override {
    return own().around("create_endpoint",
                        [&] { return inner_->create_endpoint(fresh, most); });
  }
  result<std::vector<endpoint>> endpoints(organization_id owner) override {
    return own().around("endpoints", [&] { return inner_->endpoints(owner); });
  }
  result<std::optional<endpoint>> find_endpoint(organization_id owner,
                                                endpoint_id id) override {
    return own().around("find_endpoint",
                        [&] { return inner_->find_endpoint(owner, id); });
  }
  result<bool> save_endpoint(const endpoint &changed) override {
    return own().around("save_endpoint",
                        [&] { return inner_->save_endpoint(changed); });
  }
  result<bool> remove_endpoint(organization_id owner, endpoint_id id) override {
    return own().around("remove_endpoint",
                        [&] { return inner_->remove_endpoint(owner, id); });
  }
  result<int> skip_removed(int limit) override {
    return own().around("skip_removed",
                        [&] { return inner_->skip_removed(limit); });
  }
  result<std::vector<endpoint>> active_endpoints() override {
    return own().around("active_endpoints",
                        [&] { return inner_->active_endpoints(); });
  }
  result<delivery_claim>
  claim_deliveries(const delivery_request &request) override {
    return own().around("claim_deliveries",
                        [&] { return inner_->claim_deliveries(request); });
  }
  result<record_outcome>
  record_deliveries(std::span<const delivery_result> results) override {
    return own().around("record_deliveries",
                        [&] { return inner_->record_deliveries(results); });
  }
  result<int> rescue_deliveries(const delivery_rescue &request) override {
    return own().around("rescue_deliveries",
                        [&] { return inner_->rescue_deliveries(request); });
  }
  result<int> note_endpoints(std::span<const endpoint_note> notes) override {
    return own().around("note_endpoints",
                        [&] { return inner_->note_endpoints(notes); });
  }
  result<std::vector<attempt_record>>
  delivery_attempts(organization_id owner, event_id event, int limit) override {
    return own().around("delivery_attempts", [&] {
      return inner_->delivery_attempts(owner, event, limit);
    });
  }
  result<delivery_depth> count_deliveries(int limit) override {
    return own().around("count_deliveries",
                        [&] { return inner_->count_deliveries(limit); });
  }
  result<replay_outcome> replay_deliveries(const replay_order &order) override {
    return own().around("replay_deliveries",
                        [&] { return inner_->replay_deliveries(order); });
  }

  result<pull_claim> claim_pulls(const pull_request &request) override {
    return own().around("claim_pulls",
                        [&] { return inner_->claim_pulls(request); });
  }
  result<pull_answer> change_pulls(const pull_order &order) override {
    return own().around("change_pulls",
                        [&] { return inner_->change_pulls(order); });
  }
  result<log_page> read_log(const log_query &query) override {
    return own().around("read_log", [&] { return inner_->read_log(query); });
  }
  result<replay_beginning> begin_replay(const replay_request &fresh,
                                        int most) override {
    return own().around("begin_replay",
                        [&] { return inner_->begin_replay(fresh, most); });
  }
  result<replay_progress> continue_replays(int limit) override {
    return own().around("continue_replays",
                        [&] { return inner_->continue_replays(limit); });
  }
  result<std::optional<replay_job>> find_replay(organization_id owner,
                                                replay_id id) override {
    return own().around("find_replay",
                        [&] { return inner_->find_replay(owner, id); });
  }
  result<std::vector<replay_job>> replays(organization_id owner,
                                          endpoint_id endpoint) override {
    return own().around("replays",
                        [&] { return inner_->replays(owner, endpoint); });
  }
  result<std::optional<replay_job>> cancel_replay(organization_id owner,
                                                  replay_id id) override {
    return own().around("cancel_replay",
                        [&] { return inner_->cancel_replay(owner, id); });
  }

  result<void> create_organization(const organization &owner,
                                   const api_key &key) override {
    return own().around("create_organization", [&] {
      return inner_->create_organization(owner, key);
    });
  }
  result<std::optional<principal>>
  find_key(const sha256_digest &hash) override {
    return own().around("find_key", [&] { return inner_->find_key(hash); });
  }
  result<std::vector<api_key>> keys(organization_id owner) override {
    return own().around("keys", [&] { return inner_->keys(owner); });
  }
  result<void> rotate_key(const api_key &fresh,
                          std::chrono::seconds grace) override {
    return own().around("rotate_key",
                        [&] { return inner_->rotate_key(fresh, grace); });
  }
  result<std::int64_t> remove_organization(organization_id owner,
                                           std::string_view actor,
                                           std::string_view reason) override {
    return own().around("remove_organization", [&] {
      return inner_->remove_organization(owner, actor, reason);
    });
  }

  result<gate_state> gate() override {
    return own().around("gate", [&] { return inner_->gate(); });
  }
  result<std::optional<gate_state>>
  change_gate(const gate_change &change) override {
    return own().around("change_gate",
                        [&] { return inner_->change_gate(change); });
  }
  result<std::optional<drain_certificate>> finish_drain() override {
    return own().around("finish_drain", [&] { return inner_->finish_drain(); });
  }
  result<std::optional<drain_certificate>> last_drain() override {
    return own().around("last_drain", [&] { return inner_->last_drain(); });
  }

  result<ledger_report> verify(int most,
                               std::chrono::milliseconds limit) override {
    return own().around("verify", [&] { return inner_->verify(most, limit); });
  }
  result<ledger_report> repair_ledger(std::string_view actor,
                                      std::string_view reason) override {
    return own().around("repair_ledger",
                        [&] { return inner_->repair_ledger(actor, reason); });
  }
  result<void> keep_verdict(const ledger_verdict &found) override {
    return own().around("keep_verdict",
                        [&] { return inner_->keep_verdict(found); });
  }
  result<std::optional<ledger_verdict>> last_verdict() override {
    return own().around("last_verdict", [&] { return inner_->last_verdict(); });
  }
  result<compaction_outcome>
  compact_ledger(const compaction_request &request) override {
    return own().around("compact_ledger",
                        [&] { return inner_->compact_ledger(request); });
  }
  result<prune_outcome> prune(const prune_request &request) override {
    return own().around("prune", [&] { return inner_->prune(request); });
  }
  result<int> requeue(const item_order &order) override {
    return own().around("requeue", [&] { return inner_->requeue(order); });
  }
  result<int> discard(const item_order &order) override {
    return own().around("discard", [&] { return inner_->discard(order); });
  }

  result<bool> begin_procedure(const procedure &fresh,
                               const procedure_note &note) override {
    return own().around("begin_procedure",
                        [&] { return inner_->begin_procedure(fresh, note); });
  }
  result<bool> save_procedure(const procedure &changed,
                              const procedure_note &note) override {
    return own().around("save_procedure",
                        [&] { return inner_->save_procedure(changed, note); });
  }
  result<std::vector<procedure>> procedures(std::string_view kind,
                                            int limit) override {
    return own().around("procedures",
                        [&] { return inner_->procedures(kind, limit); });
  }

  result<setting_overrides> overrides() override {
    return own().around("overrides", [&] { return inner_->overrides(); });
  }
  result<std::optional<setting_overrides>>
  change_overrides(const override_change &change) override {
    return own().around("change_overrides",
                        [&] { return inner_->change_overrides(change); });
  }

  result<std::vector<item_view>> list_items(const item_query &query) override {
    return own().around("list_items",
                        [&] { return inner_->list_items(query); });
  }
  result<std::vector<audit_record>>
  list_audit(const audit_query &query) override {
    return own().around("list_audit",
                        [&] { return inner_->list_audit(query); });
  }

  result<std::string> shared_secret(std::string_view name) override {
    return own().around("shared_secret",
                        [&] { return inner_->shared_secret(name); });
  }

  result<assessment> assess(const assess_request &request) override {
    return own().around("assess", [&] { return inner_->assess(request); });
  }
  result<recovery_outcome> recover(const recovery_order &order) override {
    return own().around("recover", [&] { return inner_->recover(order); });
  }
  result<std::vector<item_record>> find_item(event_id id,
                                             bool with_payload) override {
    return own().around("find_item",
                        [&] { return inner_->find_item(id, with_payload); });
  }
  result<std::int64_t> note_act(const act_note &note) override {
    return own().around("note_act", [&] { return inner_->note_act(note); });
  }
  result<void> note_outcome(std::int64_t position,
                            std::string_view outcome) override {
    return own().around("note_outcome", [&] {
      return inner_->note_outcome(position, outcome);
    });
  }

protected:
  store &inner() { return *inner_; }
  const store &inner() const { return *inner_; }

private:
  Self &own() { return static_cast<Self &>(*this); }

  std::unique_ptr<store> inner_;
};

} // namespace sluice::db
