#include "actors/control/janitor.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "actors/control/child.hpp"

namespace sluice::actors {

namespace {

using std::chrono::milliseconds;

// A dead node's claims, and a duty that it had, are noticed this soon after
// it counts as dead.
constexpr milliseconds house_interval{1'000};
// Between two signs of life at the most while changes fail: how soon it is
// known that they are made again.
constexpr milliseconds longest_failing_pause{1'000};
// While nothing is to be folded, and at the most.
constexpr milliseconds longest_fold_pause{5'000};
constexpr milliseconds shortest_fold_pause{10};
// Pauses are this many times as long as what was done: clients come first.
constexpr int fold_pause_factor = 4;
// One slice: a few milliseconds of SQLite's single writer.
constexpr int entries_of_a_slice = 500;
// A fold of few entries costs more than it saves.
constexpr int least_to_fold = 100;
// A delivery whose senders end each time is given up after so many rescues
// beyond the schedule.
constexpr int rescues_before_dead_letter = 20;
// One step of what is done with the deliveries of an endpoint that was removed.
constexpr int skipped_at_once = 1'000;
// Between two looks at what is old, by nodes whose turn it is not.
constexpr milliseconds idle_prune_pause{5'000};
// Between two looks for replays, while none is running; and at the least.
constexpr milliseconds longest_replay_pause{500};
constexpr milliseconds shortest_replay_pause{5};
// Deliveries of one step: a few milliseconds of SQLite's single writer.
constexpr int replayed_at_once = 250;
// So many folded entries are worth a line in the log.
constexpr long worth_a_line = 10'000;

} // namespace

janitor_state::janitor_state(pointer self) : self_(self) {}

void janitor_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::work);
  self_->send(self_, beat_atom::value);
  self_->send(self_, house_atom::value);
  pruner_.emplace(parts_);
  self_->send(self_, fold_atom::value);
  self_->send(self_, prune_atom::value);
  self_->send(self_, replay_atom::value);
}

void janitor_state::beat() {
  if (!parts_->is_enlisted)
    enlist();
  if (parts_->is_enlisted) {
    auto alive = parts_->writes.around(write_watch::kind::heartbeat, [&] {
      return session_->with([&](db::store &store) {
        return store.heartbeat(parts_->self.id,
                               parts_->gate_state.get().state.version);
      });
    });
    parts_->is_enlisted = !alive || *alive;
  }
  send_to_itself_later(self_, *parts_, beat_pause(), beat_atom::value);
}

milliseconds janitor_state::beat_pause() const {
  const auto pause = parts_->settings->node.heartbeat_interval;
  return parts_->writes.is_failing() ? std::min(pause, longest_failing_pause)
                                     : pause;
}

void janitor_state::enlist() {
  auto returned = parts_->writes.around(write_watch::kind::heartbeat, [&] {
    return session_->with(
        [&](db::store &store) { return store.enlist(parts_->self); });
  });
  if (!returned)
    return;
  if (*returned > 0)
    spdlog::info("{} items that an earlier life of this node held are back in "
                 "the queue",
                 *returned);
  parts_->is_enlisted = true;
  caf::anon_send(parts_->poller.get(), wake_atom::value);
}

void janitor_state::keep_house() {
  auto held = session_->with([&](db::store &store) {
    return store.hold_duty(parts_->self.id, db::duty::housekeeping,
                           parts_->settings->node.dead_after);
  });
  note_duty(held && *held);
  // Where one change fails the next would only keep the heartbeat waiting.
  if (parts_->keeps_house && rescue_now())
    tidy_deliveries();
  send_to_itself_later(self_, *parts_, house_interval, house_atom::value);
}

void janitor_state::note_duty(bool is_held) {
  if (is_held && !parts_->keeps_house)
    spdlog::info("this node keeps house for all");
  parts_->keeps_house = is_held;
}

void janitor_state::fold() {
  auto pause = parts_->keeps_house ? fold_slice() : longest_fold_pause;
  send_to_itself_later(self_, *parts_, pause, fold_atom::value);
}

milliseconds janitor_state::fold_slice() {
  using clock = std::chrono::steady_clock;
  auto begin = clock::now();
  auto slice = session_->with([&](db::store &store) {
    return store.compact_ledger(
        {.older_than = parts_->settings->ledger.compact_after,
         .limit = entries_of_a_slice,
         .at_least = least_to_fold});
  });
  if (!slice)
    return longest_fold_pause;
  note_folded(*slice);
  if (!slice->has_more)
    return longest_fold_pause;
  auto took = std::chrono::duration_cast<milliseconds>(clock::now() - begin);
  return std::clamp(fold_pause_factor * took, shortest_fold_pause,
                    longest_fold_pause);
}

void janitor_state::note_folded(const db::compaction_outcome &slice) {
  folded_ += slice.folded;
  made_ += slice.made;
  if (slice.has_more || folded_ < worth_a_line)
    return;
  spdlog::info("ledger: folded {} entries into {}", folded_, made_);
  folded_ = 0;
  made_ = 0;
}

void janitor_state::prune() {
  auto pause =
      parts_->keeps_house ? pruner_->step(*session_) : idle_prune_pause;
  send_to_itself_later(self_, *parts_, pause, prune_atom::value);
}

void janitor_state::replay() {
  send_to_itself_later(self_, *parts_, replay_step(), replay_atom::value);
}

milliseconds janitor_state::replay_step() {
  using clock = std::chrono::steady_clock;
  auto begin = clock::now();
  auto done = session_->with([](db::store &store) {
    return store.continue_replays(replayed_at_once);
  });
  if (!done || !done->next_in)
    return longest_replay_pause;
  auto took = std::chrono::duration_cast<milliseconds>(clock::now() - begin);
  if (done->replayed > 0) {
    parts_->counts.replayed_deliveries +=
        static_cast<std::uint64_t>(done->replayed);
    caf::anon_send(parts_->dispatcher.get(), wake_atom::value);
  }
  return std::clamp(std::max(*done->next_in, fold_pause_factor * took),
                    shortest_replay_pause, longest_replay_pause);
}

db::result<db::rescue_outcome> janitor_state::rescue_now() {
  auto settings = parts_->settings.get();
  db::rescue_request request{.stuck = stuck_by(*settings),
                             .max_attempts = settings->processor.max_attempts};
  auto rescued = parts_->writes.around(write_watch::kind::upkeep, [&] {
    return session_->with(
        [&](db::store &store) { return store.rescue(request); });
  });
  if (rescued && rescued->rescued + rescued->quarantined > 0) {
    spdlog::warn("rescued {} stuck items, quarantined {}", rescued->rescued,
                 rescued->quarantined);
    parts_->counts.rescued += static_cast<std::uint64_t>(rescued->rescued);
    parts_->counts.quarantined +=
        static_cast<std::uint64_t>(rescued->quarantined);
    caf::anon_send(parts_->poller.get(), wake_atom::value);
  }
  return rescued;
}

void janitor_state::tidy_deliveries() {
  auto settings = parts_->settings.get();
  db::delivery_rescue request{
      .node_dead_after = settings->node.dead_after,
      .max_attempts =
          static_cast<int>(settings->delivery.retry_schedule.size()) +
          rescues_before_dead_letter};
  auto rescued = parts_->writes.around(write_watch::kind::upkeep, [&] {
    return session_->with(
        [&](db::store &store) { return store.rescue_deliveries(request); });
  });
  if (!rescued)
    return;
  if (*rescued > 0) {
    spdlog::warn("{} deliveries are due again: their sender is gone", *rescued);
    parts_->counts.rescued_deliveries += static_cast<std::uint64_t>(*rescued);
    caf::anon_send(parts_->dispatcher.get(), wake_atom::value);
  }
  auto skipped = session_->with(
      [](db::store &store) { return store.skip_removed(skipped_at_once); });
  if (skipped && *skipped > 0)
    spdlog::info("{} deliveries to endpoints that were removed are skipped",
                 *skipped);
}

void janitor_state::retire() {
  auto returned = session_->with(
      [&](db::store &store) { return store.retire(parts_->self.id); });
  if (returned && *returned > 0)
    spdlog::info("returned {} claimed items to the queue", *returned);
}

janitor_actor::behavior_type janitor(janitor_state::pointer self,
                                     parts_ptr parts) {
  self->state.init(std::move(parts));
  self->set_exit_handler([=](caf::exit_msg &order) {
    if (order.reason == caf::exit_reason::user_shutdown)
      self->state.retire();
    self->quit(order.reason);
  });
  return {
      [=](beat_atom) { self->state.beat(); },
      [=](house_atom) { self->state.keep_house(); },
      [=](fold_atom) { self->state.fold(); },
      [=](prune_atom) { self->state.prune(); },
      [=](replay_atom) { self->state.replay(); },
      [=](order_atom, rescue_order_ptr &order) {
        order->done(self->state.rescue_now());
      },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
