#include "actors/work/worker.hpp"

#include "actors/control/child.hpp"

namespace sluice::actors {

worker_state::worker_state(pointer self) : self_(self) {}

void worker_state::init(parts_ptr parts, std::size_t slot) {
  parts_ = std::move(parts);
  slot_ = slot;
  session_.emplace(parts_->source, db::purpose::work);
  mover_.emplace(*session_, parts_->counts, policy());
}

void worker_state::work(claim_ptr claim) {
  claim_ = std::move(claim);
  task_ = task::move;
  mover_->set(policy());
  mover_->take(*claim_);
  go_on();
}

void worker_state::abandon(claim_ptr claim) {
  claim_ = std::move(claim);
  task_ = task::abandon;
  go_on();
}

void worker_state::go_on() {
  if (!claim_)
    return;
  if (!advance()) {
    // Messages are served in between, so that a stop is not kept waiting.
    auto wait = session_->next_attempt() - store_session::clock::now();
    constexpr store_session::clock::duration least{
        std::chrono::milliseconds(10)};
    send_to_itself_later(self_, *parts_, std::max(wait, least),
                         tick_atom::value);
    return;
  }
  self_->send(parts_->pool.get(), done_atom::value,
              work_report{.slot = slot_,
                          .fence = claim_->id,
                          .earliest_retry = mover_->earliest_retry()});
  self_->send(parts_->dispatcher.get(), wake_atom::value);
  claim_.reset();
}

retry_policy worker_state::policy() const {
  auto now = parts_->settings.get();
  return {.max_attempts = now->processor.max_attempts,
          .first_wait = now->processor.retry_backoff};
}

bool worker_state::advance() {
  switch (task_) {
  case task::move:
    return mover_->advance();
  case task::abandon:
    return mover_->abandon(*claim_, "the worker that held it crashed");
  }
  return true;
}

worker_actor::behavior_type worker(worker_state::pointer self, parts_ptr parts,
                                   std::size_t slot) {
  self->state.init(std::move(parts), slot);
  return {
      [=](work_atom, claim_ptr &claim) { self->state.work(std::move(claim)); },
      [=](abandon_atom, claim_ptr &claim) {
        self->state.abandon(std::move(claim));
      },
      [=](tick_atom) { self->state.go_on(); },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
