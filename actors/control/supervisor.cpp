#include "actors/control/supervisor.hpp"

#include <algorithm>

#include "actors/control/auditor.hpp"
#include "actors/control/child.hpp"
#include "actors/control/config_watcher.hpp"
#include "actors/control/gate.hpp"
#include "actors/control/health.hpp"
#include "actors/control/janitor.hpp"
#include "actors/control/reader.hpp"
#include "actors/delivery/dispatcher.hpp"
#include "actors/intake/ingest.hpp"
#include "actors/queue/poller.hpp"
#include "actors/spawn.hpp"
#include "actors/work/worker_pool.hpp"

namespace sluice::actors {

supervisor_state::supervisor_state(pointer self) : self_(self) {}

supervisor_state::~supervisor_state() {
  // Whatever ended it: without a supervisor the service must not go on.
  if (!is_stopping_ && parts_ && parts_->on_escalation)
    parts_->on_escalation();
  for (auto &child : children_) {
    child.clear();
    if (child.current)
      caf::anon_send_exit(caf::actor_cast<caf::actor>(child.current),
                          caf::exit_reason::kill);
  }
}

template <class Box, class Function>
void supervisor_state::add(const std::string &label, Box &box,
                           Function function,
                           std::chrono::milliseconds longest_task) {
  using handle = decltype(box.get());
  constexpr auto blocking = caf::monitored + caf::detached;
  constexpr auto scheduled = caf::monitored;
  constexpr auto options =
      std::is_same_v<handle, worker_pool_actor> ? scheduled : blocking;
  auto number = children_.size();
  auto spawn = [this, function, where = &box] {
    auto child = spawn_child<options>(self_, function, parts_);
    where->set(child);
    return caf::actor_cast<caf::strong_actor_ptr>(child);
  };
  auto ask = [this, number, where = &box] {
    auto child = where->get();
    feel_pulse(
        self_, child, children_[number].patience,
        [this, number] { children_[number].is_asked = false; },
        [this, who = child.address()] { on_stuck(who); });
  };
  children_.push_back(
      {.name = label,
       .spawn = spawn,
       .clear = [where = &box] { where->set(handle{}); },
       .ask = ask,
       .patience = patience_with_child(*parts_->settings.get()) + longest_task,
       .current = nullptr,
       .restarts = restart_policy()});
}

void supervisor_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  // The order of stopping: first nothing new comes in, then nothing is
  // claimed, then workers finish, then what is on its way to an endpoint has
  // its answer; readers and health answer to the last.
  add("ingest", parts_->ingest, ingest);
  add("ingest relief", parts_->ingest.relief(), ingest_relief);
  add("poller", parts_->poller, poller);
  add("worker_pool", parts_->pool, worker_pool);
  add("dispatcher", parts_->dispatcher, dispatcher);
  add("gate", parts_->gate, gate);
  add("auditor", parts_->auditor, auditor, auditor_state::longest_check);
  add("config_watcher", parts_->watcher, config_watcher);
  add("janitor", parts_->janitor, janitor);
  add("health", parts_->health, health);
  for (auto &box : parts_->readers)
    add("reader " + std::to_string(&box - parts_->readers.data() + 1), *box,
        reader, db::longest_repair);
  for (std::size_t child = 0; child < children_.size(); ++child)
    start(child);
  feel_pulses();
}

void supervisor_state::start(std::size_t child) {
  if (is_stopping_)
    return;
  auto &record = children_[child];
  record.current = record.spawn();
  record.is_asked = false;
  parts_->tree.started(record.name);
}

void supervisor_state::feel_pulses() {
  for (auto &child : children_) {
    if (!child.current || child.is_asked)
      continue;
    child.is_asked = true;
    child.ask();
  }
  self_->delayed_send(self_, pulse_interval(*parts_->settings.get()),
                      beat_atom::value);
}

void supervisor_state::on_stuck(const caf::actor_addr &who) {
  auto *child = find(who);
  if (!child || is_stopping_)
    return;
  spdlog::error("{} hangs; another takes its place", child->name);
  ++parts_->counts.abandoned;
  self_->demonitor(who);
  caf::anon_send_exit(caf::actor_cast<caf::actor>(child->current),
                      caf::exit_reason::kill);
  child->current = nullptr;
  child->clear();
  restart_later(*child, "it hung");
}

void supervisor_state::stop() {
  is_stopping_ = true;
  stop_next();
}

void supervisor_state::stop_next() {
  auto next = std::find_if(children_.begin(), children_.end(),
                           [](auto &child) { return bool(child.current); });
  if (next == children_.end())
    return self_->quit(caf::exit_reason::user_shutdown);
  next->clear();
  // Queued behind what the child has in its mailbox: it finishes that first.
  self_->send_exit(caf::actor_cast<caf::actor>(next->current),
                   caf::exit_reason::user_shutdown);
}

supervisor_state::child_record *
supervisor_state::find(const caf::actor_addr &address) {
  auto found =
      std::find_if(children_.begin(), children_.end(), [&](auto &child) {
        return child.current && child.current->address() == address;
      });
  return found == children_.end() ? nullptr : &*found;
}

void supervisor_state::on_down(const caf::down_msg &down) {
  auto *child = find(down.source);
  if (!child)
    return;
  child->current = nullptr;
  child->clear();
  if (is_stopping_)
    return stop_next();
  restart_later(*child, reason_text(down.reason, self_->system()));
}

void supervisor_state::restart_later(child_record &child,
                                     const std::string &why) {
  auto now = std::chrono::steady_clock::now();
  parts_->restarts.note(now);
  parts_->tree.ended(child.name, why);
  auto wait = child.restarts.on_crash(now);
  if (!wait) {
    spdlog::critical("{} crashed too often, the last time of: {}; giving up",
                     child.name, why);
    return self_->quit(caf::make_error(caf::exit_reason::unhandled_exception));
  }
  spdlog::warn("{} is started again in {} ms", child.name, wait->count());
  self_->delayed_send(self_, *wait, start_atom::value,
                      static_cast<std::size_t>(&child - children_.data()));
}

supervisor_actor::behavior_type supervisor(supervisor_state::pointer self,
                                           parts_ptr parts) {
  self->set_down_handler(
      [=](caf::down_msg &down) { self->state.on_down(down); });
  self->state.init(std::move(parts));
  return {
      [=](stop_atom) { self->state.stop(); },
      [=](start_atom, std::size_t child) { self->state.start(child); },
      [=](beat_atom) { self->state.feel_pulses(); },
      [](hello_atom) { return true; },
  };
}

} // namespace sluice::actors
