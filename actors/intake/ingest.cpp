#include "actors/intake/ingest.hpp"

#include <iterator>
#include <stdexcept>

namespace sluice::actors {

ingest_state::ingest_state(pointer self) : self_(self) {}

void ingest_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::intake);
  commit_.emplace(*session_, parts_->counts, parts_->settings.dedup.window);
}

void ingest_state::gather(submission_ptr one) {
  gathered_.push_back(std::move(one));
  if (is_flush_planned_)
    return;
  // Lands behind everything that is in the mailbox already, so a group is
  // whatever arrived while the last one was committed; nobody waits.
  is_flush_planned_ = true;
  self_->send(self_, flush_atom::value);
}

void ingest_state::flush() {
  is_flush_planned_ = false;
  if (gathered_.empty())
    return;
  commit_->run(take_group());
  caf::anon_send(parts_->poller.get(), wake_atom::value);
  if (!gathered_.empty()) {
    is_flush_planned_ = true;
    self_->send(self_, flush_atom::value);
  }
}

std::vector<submission_ptr> ingest_state::take_group() {
  auto limit = static_cast<std::size_t>(parts_->settings.ingest.max_batch);
  std::size_t events = 0;
  auto end = gathered_.begin();
  while (end != gathered_.end() &&
         (end == gathered_.begin() || events + (*end)->events.size() <= limit))
    events += (*end++)->events.size();
  std::vector<submission_ptr> group(std::make_move_iterator(gathered_.begin()),
                                    std::make_move_iterator(end));
  gathered_.erase(gathered_.begin(), end);
  return group;
}

ingest_actor::behavior_type ingest(ingest_state::pointer self,
                                   parts_ptr parts) {
  self->state.init(std::move(parts));
  return {
      [=](submit_atom, submission_ptr &one) {
        self->state.gather(std::move(one));
      },
      [=](flush_atom) { self->state.flush(); },
      [](crash_atom) { throw std::runtime_error("crash requested"); },
  };
}

} // namespace sluice::actors
