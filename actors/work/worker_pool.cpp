#include "actors/work/worker_pool.hpp"

#include <algorithm>
#include <stdexcept>

#include "actors/spawn.hpp"
#include "actors/work/worker.hpp"

namespace sluice::actors {

worker_pool_state::worker_pool_state(pointer self) : self_(self) {}

worker_pool_state::~worker_pool_state() {
  for (auto &slot : slots_)
    if (slot.worker)
      caf::anon_send_exit(slot.worker, caf::exit_reason::kill);
}

void worker_pool_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  slots_.resize(
      static_cast<std::size_t>(parts_->settings.processor.max_concurrency));
  for (std::size_t slot = 0; slot < slots_.size(); ++slot)
    start(slot);
  caf::anon_send(parts_->poller.get(), hello_atom::value);
}

bool worker_pool_state::is_idle(const slot_record &slot) const {
  return slot.worker && !slot.claim;
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
}

void worker_pool_state::done(const work_report &report) {
  auto &slot = slots_[report.slot];
  slot.claim.reset();
  if (report.earliest_retry)
    self_->send(poller_, due_atom::value, *report.earliest_retry);
  if (waiting_.empty())
    self_->send(poller_, more_atom::value, report.fence);
  else
    put_to_work(slot);
}

void worker_pool_state::register_poller() {
  poller_ = caf::actor_cast<poller_actor>(self_->current_sender());
  auto idle = std::count_if(slots_.begin(), slots_.end(),
                            [this](auto &slot) { return is_idle(slot); });
  self_->send(poller_, room_atom::value, static_cast<std::size_t>(idle));
}

void worker_pool_state::start(std::size_t slot) {
  if (is_stopping_)
    return;
  auto &record = slots_[slot];
  record.worker =
      spawn_child<caf::monitored + caf::detached>(self_, worker, parts_, slot);
  if (record.claim)
    self_->send(record.worker, abandon_atom::value, record.claim);
  else if (!waiting_.empty())
    put_to_work(record);
}

void worker_pool_state::crash_one() {
  // A busy one, if there is any: that is the crash worth rehearsing.
  auto busy = std::find_if(slots_.begin(), slots_.end(), [](auto &slot) {
    return slot.worker && slot.claim;
  });
  auto &victim = busy != slots_.end() ? *busy : slots_.front();
  self_->send(victim.worker, crash_atom::value);
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
  ++parts_->counts.restarts;
  auto wait = dead->restarts.on_crash(std::chrono::steady_clock::now());
  if (!wait)
    return self_->quit(caf::make_error(caf::exit_reason::out_of_workers));
  auto slot = static_cast<std::size_t>(dead - slots_.begin());
  self_->delayed_send(self_, *wait, start_atom::value, slot);
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
      [=](crash_atom) { self->state.crash_one(); },
  };
}

} // namespace sluice::actors
