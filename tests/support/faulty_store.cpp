#include "tests/support/faulty_store.hpp"

#include <algorithm>
#include <utility>

namespace sluice::tests {

namespace {

using moment = planned_fault::moment;

constexpr std::string_view doubt_prefix = "faulty:";

/// Outcomes inside a doubt: a digit for the kind and the id's text, each.
std::string write_doubt(const std::vector<db::accept_outcome> *outcomes) {
  std::string doubt(doubt_prefix);
  if (outcomes == nullptr)
    return doubt + "nothing";
  for (const auto &outcome : *outcomes) {
    doubt += static_cast<char>('0' + static_cast<int>(outcome.what));
    outcome.id.value().append_to(doubt);
  }
  return doubt;
}

std::optional<std::vector<db::accept_outcome>>
read_doubt(std::string_view doubt) {
  doubt.remove_prefix(doubt_prefix.size());
  if (doubt == "nothing")
    return std::nullopt;
  std::vector<db::accept_outcome> outcomes;
  for (; doubt.size() >= 37; doubt.remove_prefix(37))
    outcomes.push_back({static_cast<db::accept_outcome::kind>(doubt[0] - '0'),
                        *db::event_id::parse(doubt.substr(1, 36))});
  return outcomes;
}

db::error planned_error(const std::string &method, const planned_fault &fault) {
  return {fault.code, method + ": planned fault", {}, {}};
}

class faulty_session : public db::store {
public:
  faulty_session(std::unique_ptr<db::store> inner,
                 std::shared_ptr<fault_plan> plan)
      : inner_(std::move(inner)), plan_(std::move(plan)) {}

  db::result<std::vector<db::accept_outcome>>
  accept(std::span<const db::new_event> events,
         std::chrono::seconds window) override {
    const std::vector<db::accept_outcome> *written = nullptr;
    db::result<std::vector<db::accept_outcome>> kept;
    auto answer = call("accept", [&] {
      kept = inner_->accept(events, window);
      if (kept)
        written = &*kept;
      return kept;
    });
    if (!answer && answer.error().code == db::errc::in_doubt &&
        answer.error().doubt.empty())
      answer.error().doubt = write_doubt(written);
    return answer;
  }

  db::result<std::optional<std::vector<db::accept_outcome>>>
  resolve(const db::error &doubt) override {
    return call(
        "resolve",
        [&]() -> db::result<std::optional<std::vector<db::accept_outcome>>> {
          if (doubt.doubt.starts_with(doubt_prefix))
            return read_doubt(doubt.doubt);
          return inner_->resolve(doubt);
        });
  }

  db::result<db::claim> claim_items(const db::claim_request &request) override {
    return call("claim_items", [&] { return inner_->claim_items(request); });
  }
  db::result<int> move(db::claim_id fence) override {
    return call("move", [&] { return inner_->move(fence); });
  }
  db::result<db::move_outcome>
  move_each(db::claim_id fence, std::span<const db::event_id> ids) override {
    return call("move_each", [&] { return inner_->move_each(fence, ids); });
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
    return call_in_doubt("change_gate",
                         [&] { return inner_->change_gate(change); });
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

  bool is_connected() const override { return inner_->is_connected(); }

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
    return call_in_doubt("change_overrides",
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

  db::result<std::string> shared_secret(std::string_view name) override {
    return call("shared_secret", [&] { return inner_->shared_secret(name); });
  }

private:
  /// For calls whose outcome `resolve` is asked for.
  template <class Effect>
  auto call_in_doubt(const std::string &method, Effect effect)
      -> decltype(effect()) {
    bool is_made = false;
    auto answer = call(method, [&] {
      auto made = effect();
      is_made = made.has_value();
      return made;
    });
    const std::vector<db::accept_outcome> none;
    if (!answer && answer.error().code == db::errc::in_doubt &&
        answer.error().doubt.empty())
      answer.error().doubt = write_doubt(is_made ? &none : nullptr);
    return answer;
  }

  template <class Effect>
  auto call(const std::string &method, Effect effect) -> decltype(effect()) {
    auto fault = plan_->next(method);
    if (is_spent_)
      return db::fail(db::errc::unavailable, method + ": session is spent");
    if (fault && fault->when == moment::before_effect)
      return fail_with(method, *fault);
    auto answer = effect();
    if (fault && answer)
      return fail_with(method, *fault);
    return answer;
  }

  tl::unexpected<db::error> fail_with(const std::string &method,
                                      const planned_fault &fault) {
    is_spent_ =
        fault.code == db::errc::unavailable || fault.code == db::errc::in_doubt;
    return tl::unexpected(planned_error(method, fault));
  }

  std::unique_ptr<db::store> inner_;
  std::shared_ptr<fault_plan> plan_;
  bool is_spent_ = false;
};

} // namespace

void fault_plan::add(planned_fault fault) {
  std::lock_guard guard(mutex_);
  entries_.push_back({std::move(fault), 0});
}

void fault_plan::clear() {
  std::lock_guard guard(mutex_);
  entries_.clear();
}

int fault_plan::calls(const std::string &method) const {
  std::lock_guard guard(mutex_);
  int sum = 0;
  for (const auto &[name, count] : calls_)
    if (method == name || (method.empty() && name != "connect"))
      sum += count;
  return sum;
}

int fault_plan::faults() const {
  std::lock_guard guard(mutex_);
  return faults_;
}

void fault_plan::hold(const std::string &method, int times) {
  std::lock_guard guard(mutex_);
  to_hold_ = method;
  left_to_hold_ = times;
}

int fault_plan::holding() const {
  std::lock_guard guard(mutex_);
  return holding_;
}

void fault_plan::let_go() {
  std::lock_guard guard(mutex_);
  left_to_hold_ = 0;
  ++times_let_go_;
  let_go_.notify_all();
}

std::optional<planned_fault> fault_plan::next(const std::string &method) {
  std::unique_lock guard(mutex_);
  if (left_to_hold_ > 0 && to_hold_ == method) {
    --left_to_hold_;
    ++holding_;
    let_go_.wait(guard,
                 [this, now = times_let_go_] { return times_let_go_ != now; });
    --holding_;
  }
  auto counted = std::find_if(calls_.begin(), calls_.end(), [&](auto &counter) {
    return counter.first == method;
  });
  if (counted == calls_.end())
    calls_.emplace_back(method, 1);
  else
    ++counted->second;
  std::optional<planned_fault> due;
  for (auto &[fault, seen] : entries_) {
    bool matches =
        fault.method == method || (fault.method.empty() && method != "connect");
    if (!matches)
      continue;
    ++seen;
    bool is_due = seen >= fault.call &&
                  (fault.times < 0 || seen < fault.call + fault.times);
    if (is_due && !due)
      due = fault;
  }
  faults_ += due ? 1 : 0;
  return due;
}

faulty_source::faulty_source(std::shared_ptr<db::store_source> inner)
    : inner_(std::move(inner)), plan_(std::make_shared<fault_plan>()) {}

db::result<std::unique_ptr<db::store>>
faulty_source::connect(db::purpose what_for) {
  auto fault = plan_->next("connect");
  if (fault)
    return tl::unexpected(planned_error("connect", *fault));
  auto session = inner_->connect(what_for);
  if (!session)
    return session;
  return std::make_unique<faulty_session>(std::move(*session), plan_);
}

} // namespace sluice::tests
