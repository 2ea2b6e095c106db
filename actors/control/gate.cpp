#include "actors/control/gate.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "actors/control/child.hpp"

namespace sluice::actors {

namespace {

// Other nodes' changes are noticed this soon.
constexpr std::chrono::milliseconds look_interval{500};
// While somebody waits for an acknowledgement, or a drain is under way.
constexpr std::chrono::milliseconds busy_interval{50};

constexpr char ourselves[] = "sluice";

db::gate_change back_to_normal() {
  db::gate_change change;
  change.ingest = db::ingest_mode::async;
  change.processing = db::processing_mode::running;
  change.delivery = db::delivery_mode::running;
  change.reason = "the time that the change was made for is over";
  return change;
}

db::gate_change give_up_drain() {
  db::gate_change change;
  change.processing = db::processing_mode::running;
  change.reason = "the drain did not end in time";
  return change;
}

} // namespace

gate_keeper::gate_keeper(pointer self) : self_(self) {}

void gate_keeper::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::work);
  self_->send(self_, tick_atom::value, plan_);
}

void gate_keeper::order(const gate_order &what) {
  auto changed = change(what.change);
  if (!changed)
    return what.done(tl::unexpected(changed.error()));
  if (!*changed) {
    look();
    return what.done(gate_answer{.is_made = false,
                                 .state = parts_->gate_state.get().state,
                                 .behind = {}});
  }
  spdlog::info("gate version {}: ingest {}, processing {}, delivery {}",
               (*changed)->version, to_string((*changed)->ingest),
               to_string((*changed)->processing),
               to_string((*changed)->delivery));
  publish(**changed);
  open_.push_back(
      {.answer = {.is_made = true, .state = **changed, .behind = {}},
       .deadline = clock::now() + what.patience,
       .done = what.done});
  settle_orders();
  plan();
}

db::result<std::optional<db::gate_state>>
gate_keeper::change(const db::gate_change &what) {
  auto changed =
      session_->with([&](db::store &store) { return store.change_gate(what); });
  if (changed || changed.error().code != db::errc::in_doubt)
    return changed;
  // Whether it was committed is found out before anybody is told.
  auto settled = session_->settle(
      changed.error(), clock::now() + parts_->settings->store.connect_timeout);
  if (!settled)
    return changed;
  if (!*settled)
    return db::fail(db::errc::unavailable, changed.error().text);
  return session_->with([](db::store &store) { return store.gate(); })
      .map([](db::gate_state state) { return std::optional(state); });
}

void gate_keeper::tick(std::uint64_t plan_of) {
  if (plan_of != plan_)
    return;
  look();
  settle_orders();
  plan();
}

void gate_keeper::plan() {
  auto is_busy = !open_.empty() || parts_->gate_state.get().state.processing ==
                                       db::processing_mode::draining;
  send_to_itself_later(self_, *parts_, is_busy ? busy_interval : look_interval,
                       tick_atom::value, ++plan_);
}

void gate_keeper::look() {
  auto state = session_->with([](db::store &store) { return store.gate(); });
  if (!state)
    return;
  publish(*state);
  if (std::exchange(seen_settings_, state->settings_version) !=
      state->settings_version)
    caf::anon_send(parts_->watcher.get(), look_atom::value);
  follow_up(*state);
}

void gate_keeper::follow_up(const db::gate_state &state) {
  if (state.is_resume_due)
    change_back(back_to_normal(), state);
  else if (state.processing == db::processing_mode::draining)
    finish_drain();
  if (state.is_drain_overdue && !state.is_resume_due)
    change_back(give_up_drain(), state);
}

void gate_keeper::change_back(db::gate_change order,
                              const db::gate_state &from) {
  // Another node may be first, or an operator: then the version is another.
  order.expected_version = from.version;
  order.actor = ourselves;
  auto changed = change(order);
  if (!changed || !*changed)
    return;
  spdlog::warn("gate: {}", order.reason);
  publish(**changed);
}

void gate_keeper::finish_drain() {
  auto proof =
      session_->with([](db::store &store) { return store.finish_drain(); });
  if (!proof || !*proof)
    return;
  spdlog::info("drained: {} waited, {} came in, {} went into the log",
               (*proof)->waiting_before, (*proof)->accepted, (*proof)->stored);
  auto state = session_->with([](db::store &store) { return store.gate(); });
  if (state)
    publish(*state);
}

void gate_keeper::publish(const db::gate_state &state) {
  auto was_claiming = parts_->gate_state.is_claiming();
  parts_->gate_state.set({.is_known = true, .state = state});
  if (!was_claiming && parts_->gate_state.is_claiming())
    caf::anon_send(parts_->poller.get(), poll_atom::value);
  if (told_version_ == state.version || !parts_->is_enlisted)
    return;
  auto alive = session_->with([&](db::store &store) {
    return store.heartbeat(parts_->self.id, state.version);
  });
  if (alive && *alive)
    told_version_ = state.version;
}

void gate_keeper::settle_orders() {
  if (open_.empty())
    return;
  auto nodes = session_->with([](db::store &store) { return store.nodes(); });
  auto now = clock::now();
  for (auto &one : open_) {
    one.answer.behind.clear();
    if (!nodes)
      continue;
    for (const auto &other : *nodes)
      if (other.gate_version < one.answer.state.version &&
          other.silent_for < parts_->settings->node.dead_after)
        one.answer.behind.push_back(other.who.name);
  }
  auto is_settled = [&](open_order &one) {
    if (!(nodes && one.answer.behind.empty()) && now < one.deadline)
      return false;
    one.done(std::move(one.answer));
    return true;
  };
  std::erase_if(open_, is_settled);
}

gate_actor::behavior_type gate(gate_keeper::pointer self, parts_ptr parts) {
  self->state.init(std::move(parts));
  return {
      [=](order_atom, gate_order_ptr &what) { self->state.order(*what); },
      [=](tick_atom, std::uint64_t plan) { self->state.tick(plan); },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
