#pragma once

#include <memory>
#include <string_view>
#include <type_traits>

#include "db/sqlite/connection.hpp"
#include "db/sqlite/process_lock.hpp"
#include "db/sqlite/writer.hpp"
#include "db/store.hpp"

namespace sluice::db::sqlite {

/// What all sessions of one source share. The writer goes before the lock.
struct database_file {
  process_lock lock;
  std::string path;
  store_options options;
  writer changes;

  timestamp now() const {
    return options.clock ? options.clock() : system_now();
  }
};

/// `store` on one database file: changes go through the shared writer, reads
/// through a connection of the session's own, which nobody blocks.
class session final : public store {
public:
  session(std::shared_ptr<database_file> file,
          std::unique_ptr<connection> reader);

  result<std::vector<accept_outcome>>
  accept(std::span<const new_event> events,
         std::chrono::seconds window) override;
  result<std::optional<std::vector<accept_outcome>>>
  resolve(const error &doubt) override;

  result<claim> claim_items(const claim_request &request) override;
  result<int> move(claim_id fence) override;
  result<move_outcome> move_each(claim_id fence,
                                 std::span<const event_id> ids) override;
  result<due_outcome> move_due(const due_request &request) override;
  result<fail_outcome> fail_items(claim_id fence,
                                  std::span<const failure> failures) override;
  result<int> release(claim_id fence, std::span<const event_id> ids) override;
  result<rescue_outcome> rescue(const rescue_request &request) override;
  result<queue_depth> depth(const depth_request &request) override;
  result<backlogs> count_backlogs(long limit) override;

  result<int> enlist(const node &self) override;
  result<bool> heartbeat(node_id self, std::int64_t gate_version) override;
  result<std::vector<node_view>> nodes() override;
  result<int> retire(node_id self) override;
  result<bool> hold_duty(node_id self, duty what,
                         std::chrono::milliseconds lease) override;

  result<std::optional<event_view>> find_event(organization_id owner,
                                               event_id id) override;
  result<std::vector<inbox_entry>> inbox(const inbox_query &query) override;
  result<std::vector<ack_outcome>>
  acknowledge(organization_id owner, std::span<const event_id> ids) override;

  result<bool> create_endpoint(const endpoint &fresh, int most) override;
  result<std::vector<endpoint>> endpoints(organization_id owner) override;
  result<std::optional<endpoint>> find_endpoint(organization_id owner,
                                                endpoint_id id) override;
  result<bool> save_endpoint(const endpoint &changed) override;
  result<bool> remove_endpoint(organization_id owner, endpoint_id id) override;
  result<int> skip_removed(int limit) override;
  result<std::vector<endpoint>> active_endpoints() override;
  result<delivery_claim>
  claim_deliveries(const delivery_request &request) override;
  result<record_outcome>
  record_deliveries(std::span<const delivery_result> results) override;
  result<int> rescue_deliveries(const delivery_rescue &request) override;
  result<int> note_endpoints(std::span<const endpoint_note> notes) override;
  result<std::vector<attempt_record>>
  delivery_attempts(organization_id owner, event_id event, int limit) override;
  result<delivery_depth> count_deliveries(int limit) override;
  result<replay_outcome> replay_deliveries(const replay_order &order) override;
  result<replay_beginning> begin_replay(const replay_request &fresh,
                                        int most) override;
  result<replay_progress> continue_replays(int limit) override;
  result<std::optional<replay_job>> find_replay(organization_id owner,
                                                replay_id id) override;
  result<std::vector<replay_job>> replays(organization_id owner,
                                          endpoint_id endpoint) override;
  result<std::optional<replay_job>> cancel_replay(organization_id owner,
                                                  replay_id id) override;

  result<pull_claim> claim_pulls(const pull_request &request) override;
  result<pull_answer> change_pulls(const pull_order &order) override;
  result<log_page> read_log(const log_query &query) override;

  result<void> create_organization(const organization &owner,
                                   const api_key &key) override;
  result<std::optional<principal>> find_key(const sha256_digest &hash) override;
  result<std::vector<api_key>> keys(organization_id owner) override;
  result<void> rotate_key(const api_key &fresh,
                          std::chrono::seconds grace) override;
  result<std::int64_t> remove_organization(organization_id owner,
                                           std::string_view actor,
                                           std::string_view reason) override;

  result<gate_state> gate() override;
  result<std::optional<gate_state>>
  change_gate(const gate_change &change) override;
  result<std::optional<drain_certificate>> finish_drain() override;
  result<std::optional<drain_certificate>> last_drain() override;

  result<ledger_report> verify(int most,
                               std::chrono::milliseconds limit) override;
  result<ledger_report> repair_ledger(std::string_view actor,
                                      std::string_view reason) override;
  result<void> keep_verdict(const ledger_verdict &found) override;
  result<std::optional<ledger_verdict>> last_verdict() override;
  result<compaction_outcome>
  compact_ledger(const compaction_request &request) override;
  result<prune_outcome> prune(const prune_request &request) override;
  result<int> requeue(const item_order &order) override;
  result<int> discard(const item_order &order) override;

  result<setting_overrides> overrides() override;
  result<std::optional<setting_overrides>>
  change_overrides(const override_change &change) override;

  result<bool> begin_procedure(const procedure &fresh,
                               const procedure_note &note) override;
  result<bool> save_procedure(const procedure &changed,
                              const procedure_note &note) override;
  result<std::vector<procedure>> procedures(std::string_view kind,
                                            int limit) override;

  result<std::vector<item_view>> list_items(const item_query &query) override;
  result<std::vector<audit_record>>
  list_audit(const audit_query &query) override;
  result<assessment> assess(const assess_request &request) override;
  result<recovery_outcome> recover(const recovery_order &order) override;
  result<std::vector<item_record>> find_item(event_id id,
                                             bool with_payload) override;
  result<std::int64_t> note_act(const act_note &note) override;
  result<void> note_outcome(std::int64_t position,
                            std::string_view outcome) override;

  result<std::string> shared_secret(std::string_view name) override;

private:
  /// `work(connection &, timestamp)` in a transaction of the writer.
  template <class Work>
  auto change(std::string_view operation, Work work, change_mode mode = {});
  /// What `work` says, or what it refuses.
  template <class Value, class Work>
  result<Value> ask(std::string_view operation, Work &work);
  /// `work(connection &, timestamp)` on one snapshot of the session's reader,
  /// within `limit`.
  template <class Work>
  auto look(std::string_view operation, Work work,
            std::chrono::milliseconds limit);
  /// Within the time for a call.
  template <class Work>
  auto look(std::string_view operation, Work work);
  /// As `look`; answers once nothing that was read can be undone any more.
  template <class Work>
  auto look_at_what_stays(std::string_view operation, Work work,
                          std::chrono::milliseconds limit);
  template <class Work>
  auto look_at_what_stays(std::string_view operation, Work work);
  template <class Value>
  result<Value> note(result<Value> answer);

  std::shared_ptr<database_file> file_;
  std::unique_ptr<connection> reader_;
  bool is_spent_ = false;
};

} // namespace sluice::db::sqlite
