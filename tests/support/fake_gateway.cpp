#include "tests/support/fake_gateway.hpp"

#include <algorithm>
#include <utility>

// Every test program links this file, also those that know the model's
// headers only: nothing here calls a function that is not inline.

namespace sluice::tests {

namespace {

template <class T>
db::result<T> not_here() {
  return db::fail(db::errc::rejected, "the fake has no such call");
}

class fake_store final : public fake_endpoint_calls {
public:
  explicit fake_store(fake_gateway &data)
      : fake_endpoint_calls(data.webhooks), data_(data) {}

  db::result<std::vector<db::accept_outcome>>
  accept(std::span<const db::new_event> /*events*/,
         std::chrono::seconds /*window*/) override {
    return not_here<std::vector<db::accept_outcome>>();
  }
  db::result<std::optional<std::vector<db::accept_outcome>>>
  resolve(const db::error & /*doubt*/) override {
    return not_here<std::optional<std::vector<db::accept_outcome>>>();
  }
  db::result<db::claim>
  claim_items(const db::claim_request & /*request*/) override {
    return not_here<db::claim>();
  }
  db::result<int> move(db::claim_id /*fence*/) override {
    return not_here<int>();
  }
  db::result<db::move_outcome>
  move_each(db::claim_id /*fence*/,
            std::span<const db::event_id> /*ids*/) override {
    return not_here<db::move_outcome>();
  }
  db::result<db::due_outcome>
  move_due(const db::due_request & /*request*/) override {
    return not_here<db::due_outcome>();
  }
  db::result<db::fail_outcome>
  fail_items(db::claim_id /*fence*/,
             std::span<const db::failure> /*failures*/) override {
    return not_here<db::fail_outcome>();
  }
  db::result<int> release(db::claim_id /*fence*/,
                          std::span<const db::event_id> /*ids*/) override {
    return not_here<int>();
  }
  db::result<db::rescue_outcome>
  rescue(const db::rescue_request & /*request*/) override {
    return not_here<db::rescue_outcome>();
  }
  db::result<db::queue_depth>
  depth(const db::depth_request & /*request*/) override {
    return data_.sample.depth;
  }
  db::result<db::backlogs> count_backlogs(long /*limit*/) override {
    return not_here<db::backlogs>();
  }
  db::result<int> enlist(const db::node & /*self*/) override {
    return not_here<int>();
  }
  db::result<bool> heartbeat(db::node_id /*self*/,
                             std::int64_t /*gate_version*/) override {
    return not_here<bool>();
  }
  db::result<std::vector<db::node_view>> nodes() override {
    return data_.nodes;
  }
  db::result<int> retire(db::node_id /*self*/) override {
    return not_here<int>();
  }
  db::result<bool> hold_duty(db::node_id /*self*/, db::duty /*what*/,
                             std::chrono::milliseconds /*lease*/) override {
    return not_here<bool>();
  }

  db::result<std::optional<db::event_view>>
  find_event(db::organization_id owner, db::event_id id) override {
    const fake_event *const found = find(owner, id);
    if (found == nullptr)
      return std::nullopt;
    db::event_view out;
    out.where = found->where;
    out.id = id;
    out.type = found->event.type;
    out.payload = found->event.payload;
    out.dedup_id = dedup_of(found->event);
    out.accepted_at = data_.now;
    out.stored_at = data_.now + std::chrono::milliseconds(3);
    db::delivery inbox;
    inbox.id = found->delivery;
    inbox.status = found->status;
    inbox.updated_at = data_.now;
    out.deliveries.push_back(inbox);
    return out;
  }

  db::result<std::vector<db::inbox_entry>>
  inbox(const db::inbox_query &query) override {
    std::vector<db::inbox_entry> out;
    int passed = 0;
    for (const auto &one : data_.events) {
      const bool is_asked =
          one.event.organization == query.organization &&
          (!query.status || one.status == *query.status) &&
          (!query.after || one.event.id.value() > *query.after);
      if (!is_asked || passed++ < query.offset)
        continue;
      if (static_cast<int>(out.size()) == query.limit)
        break;
      out.push_back(entry_of(one));
    }
    return out;
  }

  db::result<std::vector<db::ack_outcome>>
  acknowledge(db::organization_id owner,
              std::span<const db::event_id> ids) override {
    std::vector<db::ack_outcome> out;
    for (const auto &id : ids) {
      fake_event *const found = find(owner, id);
      if (found == nullptr) {
        out.push_back(db::ack_outcome::not_found);
        continue;
      }
      const bool is_done = found->status == db::delivery_status::delivered;
      out.push_back(is_done ? db::ack_outcome::already
                            : db::ack_outcome::acknowledged);
      found->status = db::delivery_status::delivered;
    }
    return out;
  }

  db::result<void> create_organization(const db::organization &owner,
                                       const db::api_key &key) override {
    data_.organizations[owner.id] = owner;
    data_.keys.push_back(key);
    return {};
  }

  db::result<std::optional<db::principal>>
  find_key(const db::sha256_digest &hash) override {
    ++data_.key_lookups;
    for (const auto &key : data_.keys)
      if (key.hash == hash && is_valid(key))
        return db::principal{data_.organizations[key.organization], key.id,
                             key.expires_at};
    return std::nullopt;
  }

  db::result<std::vector<db::api_key>>
  keys(db::organization_id owner) override {
    std::vector<db::api_key> out;
    for (const auto &key : data_.keys)
      if (key.organization == owner && is_valid(key))
        out.insert(out.begin(), key);
    return out;
  }

  db::result<void> rotate_key(const db::api_key &fresh,
                              std::chrono::seconds grace) override {
    for (auto &key : data_.keys)
      if (key.organization == fresh.organization)
        key.expires_at = std::min(key.expires_at.value_or(db::timestamp::max()),
                                  db::timestamp(data_.now + grace));
    data_.keys.push_back(fresh);
    return {};
  }

  db::result<db::gate_state> gate() override { return data_.sample.gate.state; }
  db::result<std::optional<db::gate_state>>
  change_gate(const db::gate_change & /*change*/) override {
    return not_here<std::optional<db::gate_state>>();
  }
  db::result<std::optional<db::drain_certificate>> finish_drain() override {
    return not_here<std::optional<db::drain_certificate>>();
  }
  db::result<std::optional<db::drain_certificate>> last_drain() override {
    return data_.last_drain;
  }

  db::result<db::prune_outcome>
  prune(const db::prune_request & /*request*/) override {
    return not_here<db::prune_outcome>();
  }
  db::result<db::ledger_report>
  verify(int /*most*/, std::chrono::milliseconds /*limit*/) override {
    return data_.books;
  }
  db::result<db::ledger_report>
  repair_ledger(std::string_view actor, std::string_view reason) override {
    data_.orders.push_back(
        {"repair", {}, std::string(actor), std::string(reason)});
    return data_.books;
  }
  db::result<void> keep_verdict(const db::ledger_verdict & /*found*/) override {
    return not_here<void>();
  }
  db::result<std::optional<db::ledger_verdict>> last_verdict() override {
    return not_here<std::optional<db::ledger_verdict>>();
  }
  db::result<db::compaction_outcome>
  compact_ledger(const db::compaction_request & /*request*/) override {
    return not_here<db::compaction_outcome>();
  }
  db::result<int> requeue(const db::item_order &order) override {
    return note("requeue", order);
  }
  db::result<int> discard(const db::item_order &order) override {
    return note("discard", order);
  }

  db::result<std::int64_t>
  remove_organization(db::organization_id /*owner*/, std::string_view /*actor*/,
                      std::string_view /*reason*/) override {
    return not_here<std::int64_t>();
  }

  db::result<bool>
  begin_procedure(const db::procedure & /*fresh*/,
                  const db::procedure_note & /*note*/) override {
    return not_here<bool>();
  }
  db::result<bool>
  save_procedure(const db::procedure & /*changed*/,
                 const db::procedure_note & /*note*/) override {
    return not_here<bool>();
  }
  db::result<std::vector<db::procedure>> procedures(std::string_view /*kind*/,
                                                    int /*limit*/) override {
    return data_.procedures;
  }

  db::result<db::setting_overrides> overrides() override {
    return not_here<db::setting_overrides>();
  }
  db::result<std::optional<db::setting_overrides>>
  change_overrides(const db::override_change & /*change*/) override {
    return not_here<std::optional<db::setting_overrides>>();
  }

  db::result<std::vector<db::item_view>>
  list_items(const db::item_query &query) override {
    data_.asked_items = query;
    return data_.items;
  }
  db::result<std::vector<db::audit_record>>
  list_audit(const db::audit_query &query) override {
    data_.asked_audit = query;
    return data_.audit_records;
  }
  db::result<db::assessment>
  assess(const db::assess_request &request) override {
    data_.asked_damage = request;
    if (request.checks_books && data_.books_take_too_long)
      return db::fail(db::errc::unavailable, "assess: out of time");
    return data_.damage;
  }
  db::result<db::recovery_outcome>
  recover(const db::recovery_order &order) override {
    auto &noted = data_.orders.emplace_back(
        fake_order{"recover", {}, order.actor, order.reason});
    for (const auto &one : order.doubled)
      noted.ids.push_back(one.id);
    return data_.recovery;
  }
  db::result<std::vector<db::item_record>>
  find_item(db::event_id /*id*/, bool with_payload) override {
    auto found = data_.records;
    for (auto &one : found)
      if (!with_payload)
        one.payload.reset();
    return found;
  }
  db::result<std::int64_t> note_act(const db::act_note &note) override {
    data_.acts.push_back(note);
    return static_cast<std::int64_t>(data_.acts.size());
  }
  db::result<void> note_outcome(std::int64_t /*position*/,
                                std::string_view outcome) override {
    data_.outcomes.emplace_back(outcome);
    return {};
  }

  db::result<std::string> shared_secret(std::string_view /*name*/) override {
    return std::string(32, 's');
  }

private:
  /// All but the last of the items are there.
  db::result<int> note(std::string what, const db::item_order &order) {
    data_.orders.push_back({std::move(what),
                            {order.ids.begin(), order.ids.end()},
                            order.actor,
                            order.reason});
    return static_cast<int>(order.ids.size()) - 1;
  }

  bool is_valid(const db::api_key &key) const {
    return !key.expires_at || *key.expires_at > data_.now;
  }

  static std::optional<std::string> dedup_of(const db::new_event &event) {
    if (event.key && event.key->scope == db::dedup_scope::event)
      return event.key->text;
    return std::nullopt;
  }

  db::inbox_entry entry_of(const fake_event &one) const {
    db::inbox_entry out;
    out.position = one.event.id.value();
    out.id = one.event.id;
    out.type = one.event.type;
    out.payload = one.event.payload;
    out.dedup_id = dedup_of(one.event);
    out.accepted_at = data_.now;
    out.stored_at = data_.now + std::chrono::milliseconds(3);
    out.status = one.status;
    return out;
  }

  fake_event *find(db::organization_id owner, db::event_id id) {
    for (auto &one : data_.events)
      if (one.event.organization == owner && one.event.id == id)
        return &one;
    return nullptr;
  }

  fake_gateway &data_;
};

} // namespace

void fake_gateway::accept_later(std::vector<db::new_event> fresh,
                                on_accepted done) {
  done(accept_all(std::move(fresh)));
}

db::result<actors::accept_reply>
fake_gateway::accept_all(std::vector<db::new_event> fresh) {
  const std::lock_guard lock(mutex);
  if (outage)
    return tl::unexpected(*outage);
  actors::accept_reply out;
  for (auto &event : fresh) {
    const auto fault = item_errors.find(out.size());
    if (fault != item_errors.end())
      out.emplace_back(tl::unexpected(fault->second));
    else
      out.push_back(accept_one(std::move(event)));
  }
  return out;
}

db::result<db::accept_outcome> fake_gateway::accept_one(db::new_event event) {
  using kind = db::accept_outcome::kind;
  for (const auto &earlier : events) {
    const auto &other = earlier.event;
    if (!event.key || !other.key || other.organization != event.organization ||
        other.key->scope != event.key->scope ||
        other.key->text != event.key->text)
      continue;
    const bool is_same =
        other.type == event.type && other.payload == event.payload;
    return db::accept_outcome{is_same ? kind::duplicate : kind::mismatch,
                              other.id};
  }
  const auto id = event.id;
  events.push_back({.event = std::move(event)});
  const bool is_sync = sample.gate.state.ingest == db::ingest_mode::sync;
  return db::accept_outcome{is_sync ? kind::created : kind::accepted, id};
}

actors::intake_state fake_gateway::intake(db::organization_id owner,
                                          std::size_t count) const {
  using enum actors::intake_state::kind;
  const auto &gate = sample.gate.state;
  if (gate.ingest == db::ingest_mode::reject)
    return {.what = rejected, .retry_after = gate.retry_after};
  if (full_for)
    return {.what = full, .retry_after = *full_for};
  if (refused_owner == owner && count > refused_above)
    return {.what = over_share, .retry_after = std::chrono::seconds(7)};
  return {.is_sync = gate.ingest == db::ingest_mode::sync};
}

void fake_gateway::order(db::gate_change change,
                         std::chrono::milliseconds /*wait*/,
                         on_result<actors::gate_answer> done) {
  if (outage)
    return done(tl::unexpected(*outage));
  auto &state = sample.gate.state;
  const bool is_made =
      change.expected_version.value_or(state.version) == state.version;
  if (is_made) {
    ++state.version;
    state.ingest = change.ingest.value_or(state.ingest);
    state.processing = change.processing.value_or(state.processing);
    state.delivery = change.delivery.value_or(state.delivery);
    state.retry_after = change.retry_after.value_or(state.retry_after);
    state.changed_by = change.actor;
    state.reason = change.reason;
    changes.push_back(std::move(change));
  }
  done(actors::gate_answer{
      .is_made = is_made, .state = state, .behind = nodes_behind});
}

void fake_gateway::audit(int /*most*/, on_result<db::ledger_report> done) {
  if (outage)
    return done(tl::unexpected(*outage));
  done(books);
}

void fake_gateway::rescue(on_result<db::rescue_outcome> done) {
  done(db::rescue_outcome{3, 1});
}

void fake_gateway::override_settings(actors::settings_change change,
                                     on_result<actors::settings_answer> done) {
  if (outage)
    return done(tl::unexpected(*outage));
  settings_changes.push_back(std::move(change));
  done(actors::settings_answer{.faults = settings_faults,
                               .changes = differences,
                               .view = settings_in_full()});
}

void fake_gateway::reload(on_result<actors::settings_answer> done) {
  if (outage)
    return done(tl::unexpected(*outage));
  ++reloads;
  done(actors::settings_answer{.faults = settings_faults,
                               .changes = differences,
                               .view = settings_in_full()});
}

void fake_gateway::run(store_call call) {
  if (during_lookup)
    during_lookup();
  const std::lock_guard lock(mutex);
  fake_store fake(*this);
  if (outage)
    (void)call(nullptr, *outage);
  else
    (void)call(session != nullptr ? session : &fake, {});
}

} // namespace sluice::tests
