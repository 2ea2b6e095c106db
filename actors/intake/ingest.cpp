#include "actors/intake/ingest.hpp"

#include <stdexcept>

namespace sluice::actors {

ingest_state::ingest_state(pointer) {}

ingest_state::~ingest_state() {
  if (parts_)
    parts_->ingest.set({});
}

void ingest_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::intake);
  commit_.emplace(*session_, parts_->counts, parts_->settings.dedup.window);
}

void ingest_state::flush() {
  auto group = parts_->ingest.take();
  if (!group)
    return;
  commit_->run(*group);
  caf::anon_send(parts_->poller.get(), wake_atom::value);
}

ingest_actor::behavior_type ingest(ingest_state::pointer self,
                                   parts_ptr parts) {
  self->state.init(std::move(parts));
  return {
      [=](flush_atom) { self->state.flush(); },
      [](crash_atom) { throw std::runtime_error("crash requested"); },
  };
}

} // namespace sluice::actors
