#include "actors/queue/poller.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "actors/control/child.hpp"

namespace sluice::actors {

namespace {

/// An item that has waited for so long does not wait for others any more.
constexpr std::chrono::seconds longest_behind_a_burst{5};
/// Between two looks whether there is a reason to rest still; a queue fills by
/// some hundred items meanwhile.
constexpr std::chrono::milliseconds between_looks{20};
/// Bad items seldom come alone, and each costs all that are moved with it.
constexpr int claims_before_a_move = 16;
/// A move that takes longer than this, and so much for each item, mostly waits.
constexpr std::chrono::milliseconds longest_alone{50};
constexpr std::chrono::microseconds longest_alone_per_item{100};

std::optional<db::error> doubt_in(const db::error &failure) {
  return failure.doubt.empty() ? std::nullopt : std::optional(failure);
}

} // namespace

poller_state::poller_state(pointer self) : self_(self) {}

void poller_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::work);
  pacer_.emplace(intervals());
  self_->send(parts_->pool.get(), room_atom::value);
}

poll_intervals poller_state::intervals() const {
  auto now = parts_->settings.get();
  return {.min = now->processor.min_poll_interval,
          .max = now->processor.max_poll_interval,
          .idle = now->processor.idle_poll_interval};
}

void poller_state::settings_changed() {
  pacer_->set(intervals());
  poll_or_plan();
}

void poller_state::woken() {
  pacer_->woken(clock::now());
  poll_or_plan();
}

void poller_state::poll_now() {
  pacer_->asked();
  poll_or_plan();
}

void poller_state::due_in(std::chrono::milliseconds wait) {
  pacer_->due_in(wait, clock::now());
  poll_or_plan();
}

void poller_state::room_is(std::size_t idle_workers) {
  if (!pool_)
    meet(sender());
  if (sender() != pool_)
    return;
  room_ = idle_workers;
  poll_or_plan();
}

void poller_state::finished(db::claim_id fence) {
  if (sender() != pool_)
    return;
  auto now = clock::now();
  auto done = handed_out_.extract(fence);
  if (done && yields()) {
    rests_ = may_be_more_;
    pacer_->yielded(now - done.mapped(), now);
  }
  ++room_;
  poll_or_plan();
}

void poller_state::replaced(db::claim_id fence) {
  handed_out_.erase(fence);
  poll_or_plan();
}

void poller_state::pool_is_new() {
  for (const auto &[fence, begun] : handed_out_)
    orphans_.try_emplace(fence);
  handed_out_.clear();
  room_ = 0;
  meet(sender());
  self_->send(pool_, room_atom::value);
}

void poller_state::on_down(const caf::down_msg &down) {
  if (!pool_ || pool_.address() != down.source)
    return;
  pool_ = nullptr;
  room_ = 0;
}

worker_pool_actor poller_state::sender() const {
  return caf::actor_cast<worker_pool_actor>(self_->current_sender());
}

void poller_state::meet(worker_pool_actor pool) {
  if (pool_)
    self_->demonitor(pool_.address());
  pool_ = std::move(pool);
  self_->monitor(pool_);
}

void poller_state::tick(std::uint64_t plan) {
  if (plan != plan_)
    return;
  has_tick_ = false;
  planned_for_ = clock::time_point::max();
  poll_or_plan();
}

void poller_state::poll_or_plan() {
  // Without room there is nothing to plan: room_is() comes back here; nor
  // before the node is enlisted: the janitor wakes the poller then.
  if (!parts_->is_enlisted || has_tick_)
    return;
  if (rests_ && !yields()) {
    rests_ = false;
    pacer_->asked();
  }
  while (goes_on()) {
    if (moves_at_once()) {
      move_once();
      has_tick_ = goes_on();
      break;
    }
    if (!claim_once())
      break;
  }
  // There is no end to it while a burst lasts, so messages come in between; and
  // as there may be one for each commit, they lead to no move before the tick.
  if (!has_tick_)
    plan();
  else if (!parts_->is_stopping)
    self_->send(self_, tick_atom::value, ++plan_);
}

// The database decides; this only saves asking it in vain. The gate wakes the
// poller when items may be claimed again.
bool poller_state::may_claim() {
  auto most = ramp_.width(parts_->gate_state.is_claiming(), clock::now());
  return room_ > 0 && handed_out_.size() < most &&
         (handed_out_.empty() || !yields());
}

// When there may be a way again by time alone.
std::optional<poller_state::clock::time_point>
poller_state::opens_at(clock::time_point now) {
  if (parts_->gate_state.is_claiming() && yields())
    return now + intervals().min;
  return ramp_.wider_at(now);
}

bool poller_state::claim_once() {
  give_back();
  db::claim_request request{.node = parts_->self.id,
                            .id = db::claim_id::generate(),
                            .limit = parts_->settings->processor.batch_size};
  auto begun = clock::now();
  auto claim = session_->with(
      [&](db::store &store) { return store.claim_items(request); });
  if (!claim) {
    if (claim.error().code == db::errc::in_doubt)
      orphans_.emplace(request.id, doubt_in(claim.error()));
    note_failure(claim.error());
    return false;
  }
  claims_first_ = std::max(0, claims_first_ - 1);
  note_taken(claim->items, request.limit);
  if (!claim->items.empty())
    assign(std::move(*claim), begun);
  return true;
}

// In a burst the store has little time, and a claim and its move cost SQLite a
// quarter more than a move without one. So what waits behind a full claim is
// moved without, by this actor alone. Which item the store refuses, only claims
// can tell; and where a move takes long, workers do more, because they wait
// side by side.
bool poller_state::moves_at_once() const {
  return may_be_more_ && claims_first_ == 0 && parts_->ingest.has_burst();
}

void poller_state::move_once() {
  give_back();
  const db::due_request request{
      .node = parts_->self.id, .limit = parts_->settings->processor.batch_size};
  const auto begun = clock::now();
  auto done =
      session_->with([&](db::store &store) { return store.move_due(request); });
  if (!done && done.error().code == db::errc::rejected) {
    claims_first_ = claims_before_a_move;
    return;
  }
  if (!done)
    return note_failure(done.error());
  const auto now = clock::now();
  const auto spent = now - begun;
  if (spent > longest_alone + std::ssize(done->moved) * longest_alone_per_item)
    claims_first_ = claims_before_a_move;
  note_moved(done->moved, spent);
  note_taken(done->moved, request.limit);
  if (rests_)
    pacer_->yielded(spent, now);
}

// A burst is acknowledged first and moved afterwards, as long as the queue
// has room for it, which is what it is for, and nothing waits for too long.
bool poller_state::yields() const {
  if (is_late_ || !parts_->ingest.has_burst())
    return false;
  const auto settings = parts_->settings.get();
  const auto most =
      settings->ingest.max_queue_depth * settings->processor.yield_share / 100;
  return parts_->room.depth(parts_->counts) < most;
}

void poller_state::note_failure(const db::error &failure) {
  may_be_more_ = rests_ = false;
  pacer_->failed(
      std::max(session_->next_attempt(),
               clock::now() + parts_->settings->processor.min_poll_interval));
  spdlog::debug("poller: {}", failure.text);
}

void poller_state::note_taken(std::span<const db::claimed_item> items,
                              int limit) {
  const auto earliest = db::system_now() - longest_behind_a_burst;
  is_late_ = std::ranges::any_of(items, [&](auto &item) {
    return item.attempts == 0 &&
           db::timestamp(item.id.value().made_at()) < earliest;
  });
  for (auto at = items.begin(); at != items.end();) {
    auto owner = at->organization;
    auto end = std::find_if(at, items.end(), [&](const auto &item) {
      return item.organization != owner;
    });
    parts_->shares->claimed(owner, end - at);
    at = end;
  }
  may_be_more_ = std::ssize(items) == limit;
  rests_ = may_be_more_ && yields();
  pacer_->claimed(static_cast<int>(items.size()), may_be_more_ && !rests_,
                  clock::now());
}

void poller_state::note_moved(std::span<const db::claimed_item> items,
                              clock::duration spent) {
  if (items.empty())
    return;
  using std::chrono::milliseconds;
  const auto now = std::chrono::duration_cast<milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  auto &counts = parts_->counts;
  counts.move_time.note(spent);
  counts.stored += items.size();
  counts.stored_without_claim += items.size();
  for (const auto &item : items)
    counts.queue_age.note(now - item.id.value().made_at());
  self_->send(parts_->dispatcher.get(), wake_atom::value);
}

void poller_state::assign(db::claim claim, clock::time_point begun) {
  --room_;
  handed_out_.emplace(claim.id, begun);
  self_->send(pool_, assign_atom::value,
              std::make_shared<const db::claim>(std::move(claim)));
}

void poller_state::give_back() {
  while (!orphans_.empty()) {
    auto fence = orphans_.begin()->first;
    auto &doubt = orphans_.begin()->second;
    // A claim that has not been decided yet can't be released yet.
    if (doubt && !session_->with(
                     [&](db::store &store) { return store.resolve(*doubt); }))
      return;
    doubt.reset();
    auto released = session_->with(
        [&](db::store &store) { return store.release(fence, {}); });
    if (!released)
      return;
    orphans_.erase(orphans_.begin());
  }
}

void poller_state::plan() {
  auto now = clock::now();
  auto at = std::max(pacer_->next(), now);
  if (!may_claim()) {
    // Whatever else closed the way comes back here when it opens.
    auto opens = opens_at(now);
    if (room_ == 0 || !opens)
      return;
    at = std::max(at, *opens);
  }
  if (rests_)
    at = std::min(at, now + between_looks);
  // What comes sooner plans anew.
  if (now <= planned_for_ && planned_for_ <= at)
    return;
  planned_for_ = at;
  send_to_itself_later(self_, *parts_, planned_for_ - now, tick_atom::value,
                       ++plan_);
}

poller_actor::behavior_type poller(poller_state::pointer self,
                                   parts_ptr parts) {
  self->set_down_handler(
      [=](caf::down_msg &down) { self->state.on_down(down); });
  self->state.init(std::move(parts));
  return {
      [=](wake_atom) { self->state.woken(); },
      [=](poll_atom) { self->state.poll_now(); },
      [=](due_atom, std::chrono::milliseconds wait) {
        self->state.due_in(wait);
      },
      [=](done_atom, db::claim_id fence) { self->state.replaced(fence); },
      [=](room_atom, std::size_t idle) { self->state.room_is(idle); },
      [=](more_atom, db::claim_id fence) { self->state.finished(fence); },
      [=](hello_atom) { self->state.pool_is_new(); },
      [=](tick_atom, std::uint64_t plan) { self->state.tick(plan); },
      [=](apply_atom) { self->state.settings_changed(); },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
