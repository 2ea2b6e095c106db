#include "actors/intake/ingest.hpp"

#include "actors/control/child.hpp"

namespace sluice::actors {

ingest_state::ingest_state(pointer self) : self_(self) {}

ingest_state::~ingest_state() {
  if (parts_)
    parts_->ingest.leave(self_->address());
}

void ingest_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::intake);
  commit_.emplace(*session_, parts_->counts, parts_->writes);
}

void ingest_state::flush(std::unique_ptr<accept_group> group) {
  if (!group)
    return;
  commit_->run(*group, parts_->settings->dedup.window);
  caf::anon_send(parts_->poller.get(), wake_atom::value);
  // What went past the queue is in the log already.
  if (parts_->gate_state.ingest() == db::ingest_mode::sync)
    caf::anon_send(parts_->dispatcher.get(), wake_atom::value);
}

ingest_actor::behavior_type ingest(ingest_state::pointer self,
                                   parts_ptr parts) {
  self->state.init(std::move(parts));
  return {
      [=](flush_atom) { self->state.flush(self->state.box().take()); },
      on_crash,
      on_ping,
  };
}

ingest_actor::behavior_type ingest_relief(ingest_state::pointer self,
                                          parts_ptr parts) {
  self->state.init(std::move(parts));
  return {
      [=](flush_atom) { self->state.flush(self->state.box().take_full()); },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
