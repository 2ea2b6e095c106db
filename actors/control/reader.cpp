#include "actors/control/reader.hpp"

#include "actors/control/child.hpp"

namespace sluice::actors {

reader_state::reader_state(pointer) {}

void reader_state::init(const parts_ptr &parts) {
  session_.emplace(parts->source, db::purpose::read);
}

void reader_state::run(store_job &job) {
  auto session = session_->get();
  auto outcome =
      session ? job.call(*session, {}) : job.call(nullptr, session.error());
  if (session && !outcome)
    session_->note(outcome.error());
}

reader_actor::behavior_type reader(reader_state::pointer self,
                                   const parts_ptr &parts) {
  self->state.init(parts);
  return {
      [=](ask_atom, store_job_ptr &job) { self->state.run(*job); },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
