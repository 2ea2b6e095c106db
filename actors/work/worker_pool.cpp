#include "actors/work/worker_pool.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "actors/control/child.hpp"
#include "actors/spawn.hpp"
#include "actors/work/worker.hpp"

namespace sluice::actors {

worker_pool_state::worker_pool_state(pointer self) : self_(self) {}

worker_pool_state::~worker_pool_state() {
  for (auto &slot : slots_)
    if (slot.worker)
      caf::anon_send_exit(slot.worker, caf::exit_reason::kill);
  if (parts_)
    parts_->counts.busy_workers = 0;
}

void worker_pool_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  resize();
  self_->send(parts_->poller.get(), hello_atom::value);
  self_->send(self_, beat_atom::value);
}

void worker_pool_state::resize() {
  wanted_ =
      static_cast<std::size_t>(parts_->settings->processor.max_concurrency);
  slots_.resize(std::max(slots_.size(), wanted_));
  for (auto &slot : slots_) {
    if (is_wanted(slot) && !slot.worker)
      start(number_of(slot));
    else if (!is_wanted(slot) && !slot.claim)
      let_go(slot);
  }
  tell_room();
}

std::string worker_pool_state::name_of(std::size_t slot) {
  return "worker " + std::to_string(slot + 1);
}

std::size_t worker_pool_state::number_of(const slot_record &slot) const {
  return static_cast<std::size_t>(&slot - slots_.data());
}

bool worker_pool_state::is_wanted(const slot_record &slot) const {
  return number_of(slot) < wanted_;
}

bool worker_pool_state::is_idle(const slot_record &slot) const {
  return slot.worker && !slot.claim && is_wanted(slot);
}

void worker_pool_state::let_go(slot_record &slot) {
  if (slot.worker)
    self_->send_exit(slot.worker, caf::exit_reason::user_shutdown);
  parts_->tree.removed(name_of(number_of(slot)));
}

void worker_pool_state::tell_room() {
  auto idle = std::count_if(slots_.begin(), slots_.end(),
                            [this](auto &slot) { return is_idle(slot); });
  self_->send(poller_, room_atom::value, static_cast<std::size_t>(idle));
}

void worker_pool_state::assign(claim_ptr claim) {
  waiting_.push_back(std::move(claim));
  auto idle = std::find_if(slots_.begin(), slots_.end(),
                           [this](auto &slot) { return is_idle(slot); });
  if (idle != slots_.end())
    put_to_work(*idle);
}

void worker_pool_state::put_to_work(slot_record &slot) {
  slot.claim = std::move(waiting_.front());
  waiting_.pop_front();
  self_->send(slot.worker, work_atom::value, slot.claim);
  count_busy();
}

void worker_pool_state::count_busy() {
  const auto busy = std::count_if(slots_.begin(), slots_.end(),
                                  [](auto &slot) { return bool(slot.claim); });
  parts_->counts.busy_workers = static_cast<std::uint64_t>(busy);
}

void worker_pool_state::done(const work_report &report) {
  // From a worker of the pool that was here before, perhaps.
  if (report.slot >= slots_.size())
    return;
  auto &slot = slots_[report.slot];
  // One that was given up for stuck may come back with an old one.
  if (!slot.claim || slot.claim->id != report.fence)
    return;
  slot.claim.reset();
  count_busy();
  if (report.earliest_retry)
    self_->send(poller_, due_atom::value, *report.earliest_retry);
  if (is_wanted(slot) && !waiting_.empty()) {
    self_->send(poller_, done_atom::value, report.fence);
    return put_to_work(slot);
  }
  self_->send(poller_, more_atom::value, report.fence);
  if (!is_wanted(slot)) {
    let_go(slot);
    tell_room();
  }
}

void worker_pool_state::register_poller() {
  auto asked = caf::actor_cast<poller_actor>(self_->current_sender());
  // At the start it asks twice, and may have claimed by the first answer.
  if (asked == poller_)
    return;
  poller_ = std::move(asked);
  tell_room();
}

void worker_pool_state::start(std::size_t slot) {
  auto &record = slots_[slot];
  if (is_stopping_ || record.worker || (!is_wanted(record) && !record.claim))
    return;
  record.worker =
      spawn_child<caf::monitored + caf::detached>(self_, worker, parts_, slot);
  record.is_asked = false;
  parts_->tree.started(name_of(slot));
  if (record.claim)
    self_->send(record.worker, abandon_atom::value, record.claim);
  else if (!waiting_.empty())
    put_to_work(record);
  else
    // A poller that registered while this one was away did not count it.
    tell_room();
}

void worker_pool_state::crash_one() {
  // A busy one, if there is any: that is the crash worth rehearsing.
  auto victim = std::find_if(slots_.begin(), slots_.end(), [](auto &slot) {
    return slot.worker && slot.claim;
  });
  if (victim == slots_.end())
    victim = std::find_if(slots_.begin(), slots_.end(),
                          [](auto &slot) { return bool(slot.worker); });
  if (victim != slots_.end())
    self_->send(victim->worker, crash_atom::value);
}

void worker_pool_state::on_down(const caf::down_msg &down) {
  auto dead = std::find_if(slots_.begin(), slots_.end(), [&](auto &slot) {
    return slot.worker && slot.worker.address() == down.source;
  });
  if (dead == slots_.end())
    return;
  dead->worker = nullptr;
  if (is_stopping_)
    return quit_when_empty();
  // It was let go; perhaps it is wanted again by now.
  if (down.reason == caf::exit_reason::user_shutdown)
    return start(number_of(*dead));
  replace(*dead, reason_text(down.reason, self_->system()));
}

void worker_pool_state::replace(slot_record &slot, const std::string &why) {
  auto now = std::chrono::steady_clock::now();
  parts_->restarts.note(now);
  parts_->tree.ended(name_of(number_of(slot)), why);
  auto wait = slot.restarts.on_crash(now);
  if (!wait)
    return self_->quit(
        exit_error(caf::exit_reason::out_of_workers,
                   name_of(number_of(slot)) + " ended too often: " + why));
  self_->delayed_send(self_, *wait, start_atom::value, number_of(slot));
}

void worker_pool_state::feel_pulses() {
  auto now = parts_->settings.get();
  auto limit = patience_with_child(*now);
  for (auto &slot : slots_) {
    if (!slot.worker || slot.is_asked)
      continue;
    slot.is_asked = true;
    auto number = number_of(slot);
    auto who = slot.worker.address();
    feel_pulse(
        self_, slot.worker, limit,
        [this, number] { slots_[number].is_asked = false; },
        [this, number, who] { on_stuck(number, who); });
  }
  self_->delayed_send(self_, pulse_interval(*now), beat_atom::value);
}

void worker_pool_state::on_stuck(std::size_t slot, const caf::actor_addr &who) {
  auto &record = slots_[slot];
  if (is_stopping_ || !record.worker || record.worker.address() != who)
    return;
  spdlog::error("{} hangs; another takes its place", name_of(slot));
  ++parts_->counts.abandoned;
  self_->demonitor(who);
  self_->send_exit(record.worker, caf::exit_reason::kill);
  record.worker = nullptr;
  replace(record, "it hung");
}

void worker_pool_state::on_exit(const caf::exit_msg &order) {
  if (order.reason != caf::exit_reason::user_shutdown)
    return self_->quit(order.reason);
  is_stopping_ = true;
  for (auto &slot : slots_)
    if (slot.worker)
      self_->send_exit(slot.worker, caf::exit_reason::user_shutdown);
  quit_when_empty();
}

void worker_pool_state::quit_when_empty() {
  auto is_empty = std::none_of(slots_.begin(), slots_.end(),
                               [](auto &slot) { return bool(slot.worker); });
  if (is_empty)
    self_->quit(caf::exit_reason::user_shutdown);
}

worker_pool_actor::behavior_type worker_pool(worker_pool_state::pointer self,
                                             parts_ptr parts) {
  self->set_down_handler(
      [=](caf::down_msg &down) { self->state.on_down(down); });
  self->set_exit_handler(
      [=](caf::exit_msg &order) { self->state.on_exit(order); });
  self->state.init(std::move(parts));
  return {
      [=](assign_atom, claim_ptr &claim) {
        self->state.assign(std::move(claim));
      },
      [=](done_atom, const work_report &report) { self->state.done(report); },
      [=](room_atom) { self->state.register_poller(); },
      [=](start_atom, std::size_t slot) { self->state.start(slot); },
      [=](apply_atom) { self->state.resize(); },
      [=](beat_atom) { self->state.feel_pulses(); },
      [=](crash_atom) { self->state.crash_one(); },
      on_ping,
  };
}

} // namespace sluice::actors
