#pragma once

#include <memory>
#include <utility>

#include "db/store.hpp"

namespace sluice::tests {

/// A session that does what another does; what it is to do otherwise is
/// overridden.
class forwarding_store : public db::store {
public:
  explicit forwarding_store(std::unique_ptr<db::store> inner)
      : inner_(std::move(inner)) {}

  db::result<std::vector<db::accept_outcome>>
  accept(std::span<const db::new_event> events,
         std::chrono::seconds window) override {
    return inner_->accept(events, window);
  }
  db::result<std::optional<std::vector<db::accept_outcome>>>
  resolve(const db::error &doubt) override {
    return inner_->resolve(doubt);
  }

  db::result<db::claim> claim_items(const db::claim_request &request) override {
    return inner_->claim_items(request);
  }
  db::result<int> move(db::claim_id fence) override {
    return inner_->move(fence);
  }
  db::result<db::move_outcome>
  move_each(db::claim_id fence, std::span<const db::event_id> ids) override {
    return inner_->move_each(fence, ids);
  }
  db::result<db::fail_outcome>
  fail_items(db::claim_id fence,
             std::span<const db::failure> failures) override {
    return inner_->fail_items(fence, failures);
  }
  db::result<int> release(db::claim_id fence,
                          std::span<const db::event_id> ids) override {
    return inner_->release(fence, ids);
  }
  db::result<db::rescue_outcome>
  rescue(const db::rescue_request &request) override {
    return inner_->rescue(request);
  }
  db::result<db::queue_depth> depth(const db::depth_request &request) override {
    return inner_->depth(request);
  }
  db::result<db::backlogs> count_backlogs(long limit) override {
    return inner_->count_backlogs(limit);
  }

  db::result<int> enlist(const db::node &self) override {
    return inner_->enlist(self);
  }
  db::result<bool> heartbeat(db::node_id self,
                             std::int64_t gate_version) override {
    return inner_->heartbeat(self, gate_version);
  }
  db::result<std::vector<db::node_view>> nodes() override {
    return inner_->nodes();
  }
  db::result<int> retire(db::node_id self) override {
    return inner_->retire(self);
  }
  db::result<bool> hold_duty(db::node_id self, db::duty what,
                             std::chrono::milliseconds lease) override {
    return inner_->hold_duty(self, what, lease);
  }

  db::result<std::optional<db::event_view>>
  find_event(db::organization_id owner, db::event_id id) override {
    return inner_->find_event(owner, id);
  }
  db::result<std::vector<db::inbox_entry>>
  inbox(const db::inbox_query &query) override {
    return inner_->inbox(query);
  }
  db::result<std::vector<db::ack_outcome>>
  acknowledge(db::organization_id owner,
              std::span<const db::event_id> ids) override {
    return inner_->acknowledge(owner, ids);
  }

  db::result<void> create_organization(const db::organization &owner,
                                       const db::api_key &key) override {
    return inner_->create_organization(owner, key);
  }
  db::result<std::optional<db::principal>>
  find_key(const db::sha256_digest &hash) override {
    return inner_->find_key(hash);
  }
  db::result<std::vector<db::api_key>>
  keys(db::organization_id owner) override {
    return inner_->keys(owner);
  }
  db::result<void> rotate_key(const db::api_key &fresh,
                              std::chrono::seconds grace) override {
    return inner_->rotate_key(fresh, grace);
  }
  db::result<std::int64_t>
  remove_organization(db::organization_id owner, std::string_view actor,
                      std::string_view reason) override {
    return inner_->remove_organization(owner, actor, reason);
  }

  db::result<db::gate_state> gate() override { return inner_->gate(); }
  db::result<std::optional<db::gate_state>>
  change_gate(const db::gate_change &change) override {
    return inner_->change_gate(change);
  }
  db::result<std::optional<db::drain_certificate>> finish_drain() override {
    return inner_->finish_drain();
  }
  db::result<std::optional<db::drain_certificate>> last_drain() override {
    return inner_->last_drain();
  }

  db::result<db::ledger_report>
  verify(int most, std::chrono::milliseconds limit) override {
    return inner_->verify(most, limit);
  }
  db::result<db::ledger_report>
  repair_ledger(std::string_view actor, std::string_view reason) override {
    return inner_->repair_ledger(actor, reason);
  }
  db::result<void> keep_verdict(const db::ledger_verdict &found) override {
    return inner_->keep_verdict(found);
  }
  db::result<std::optional<db::ledger_verdict>> last_verdict() override {
    return inner_->last_verdict();
  }
  db::result<db::compaction_outcome>
  compact_ledger(const db::compaction_request &request) override {
    return inner_->compact_ledger(request);
  }
  db::result<int> requeue(const db::item_order &order) override {
    return inner_->requeue(order);
  }
  db::result<int> discard(const db::item_order &order) override {
    return inner_->discard(order);
  }

  bool is_connected() const override { return inner_->is_connected(); }

  db::result<bool> begin_procedure(const db::procedure &fresh,
                                   const db::procedure_note &note) override {
    return inner_->begin_procedure(fresh, note);
  }
  db::result<bool> save_procedure(const db::procedure &changed,
                                  const db::procedure_note &note) override {
    return inner_->save_procedure(changed, note);
  }
  db::result<std::vector<db::procedure>> procedures(std::string_view kind,
                                                    int limit) override {
    return inner_->procedures(kind, limit);
  }

  db::result<db::setting_overrides> overrides() override {
    return inner_->overrides();
  }
  db::result<std::optional<db::setting_overrides>>
  change_overrides(const db::override_change &change) override {
    return inner_->change_overrides(change);
  }

  db::result<std::vector<db::item_view>>
  list_items(const db::item_query &query) override {
    return inner_->list_items(query);
  }
  db::result<std::vector<db::audit_record>>
  list_audit(const db::audit_query &query) override {
    return inner_->list_audit(query);
  }

  db::result<std::string> shared_secret(std::string_view name) override {
    return inner_->shared_secret(name);
  }

  db::result<db::assessment>
  assess(const db::assess_request &request) override {
    return inner_->assess(request);
  }
  db::result<db::recovery_outcome>
  recover(const db::recovery_order &order) override {
    return inner_->recover(order);
  }
  db::result<std::vector<db::item_record>>
  find_item(db::event_id id, bool with_payload) override {
    return inner_->find_item(id, with_payload);
  }
  db::result<std::int64_t> note_act(const db::act_note &note) override {
    return inner_->note_act(note);
  }
  db::result<void> note_outcome(std::int64_t position,
                                std::string_view outcome) override {
    return inner_->note_outcome(position, outcome);
  }

protected:
  db::store &inner() { return *inner_; }

private:
  std::unique_ptr<db::store> inner_;
};

} // namespace sluice::tests
