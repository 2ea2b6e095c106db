#include "actors/work/worker.hpp"

#include <stdexcept>

namespace sluice::actors {

worker_state::worker_state(pointer self) : self_(self) {}

void worker_state::init(parts_ptr parts, std::size_t slot) {
  parts_ = std::move(parts);
  slot_ = slot;
  session_.emplace(parts_->source, db::purpose::work);
  const auto &settings = parts_->settings.processor;
  mover_.emplace(*session_, parts_->counts,
                 retry_policy{.max_attempts = settings.max_attempts,
                              .first_wait = settings.retry_backoff});
}

void worker_state::work(claim_ptr claim) {
  claim_ = std::move(claim);
  task_ = task::move;
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
    self_->delayed_send(self_, std::max(wait, least), tick_atom::value);
    return;
  }
  self_->send(parts_->pool.get(), done_atom::value,
              work_report{.slot = slot_,
                          .fence = claim_->id,
                          .earliest_retry = mover_->earliest_retry()});
  claim_.reset();
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
      [](crash_atom) { throw std::runtime_error("crash requested"); },
  };
}

} // namespace sluice::actors
