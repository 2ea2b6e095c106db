#include "actors/control/health.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "actors/control/child.hpp"

namespace sluice::actors {

namespace {

// Where the last decision is made by the depth; 10'000 for people to see.
long greatest_depth(const config::settings &settings) {
  return std::max({10'000L, settings.health.critical_depth + 1,
                   settings.ingest.max_queue_depth + 1});
}

// Who has how much waiting is counted item by item, up to here, and so seldom
// that it takes a twentieth of a processor.
constexpr long backlog_counted_up_to = 300'000;
constexpr int rests_between_counts = 20;
constexpr int deliveries_counted_up_to = 10'000;

// For how long changes fail before it is told.
std::chrono::milliseconds patience(const shared_parts &parts) {
  constexpr std::chrono::milliseconds longest{2'000};
  return std::min(parts.settings->node.heartbeat_interval, longest);
}

} // namespace

health_state::health_state(pointer self) : self_(self) {}

void health_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::read);
  plan(std::chrono::milliseconds(0));
}

db::result<depth_pacer::known> health_state::count() {
  const auto held = parts_->settings.get();
  const auto &settings = *held;
  const auto begun = clock::now();
  const db::depth_request request{
      .limit = pacer_.limit(greatest_depth(settings), begun),
      .stuck = stuck_by(settings)};
  const auto depth =
      session_->with([&](db::store &store) { return store.depth(request); });
  if (!depth)
    return tl::unexpected(depth.error());
  return pacer_.note(*depth, request.limit, begun, clock::now());
}

void health_state::sample() {
  parts_->shares->begin_count();
  parts_->room.begin_count(parts_->counts);
  auto depth = count();
  health_sample sample = parts_->health_board.get();
  sample.node = parts_->self.name;
  note_store(sample, depth ? nullptr : &depth.error());
  note_rates(sample);
  if (depth) {
    note_depth(sample, *depth);
    note_deliveries(sample);
  }
  parts_->health_board.set(std::move(sample));
  auto is_fresh = depth && depth->is_fresh;
  count_backlogs(is_fresh ? std::optional(depth->depth.pending) : std::nullopt);
}

void health_state::note_store(health_sample &sample, const db::error *unread) {
  sample.database_error.clear();
  if (unread != nullptr)
    sample.database_error = unread->text;
  else if (const auto why = parts_->writes.trouble(patience(*parts_)))
    sample.database_error = "can't be written: " + *why;
  sample.database_is_up = sample.database_error.empty();
  sample.is_ready = sample.database_is_up;
  // Once for each change, and once more when the cause is known at last.
  const auto &now = sample.database_error;
  if (!now.empty() && (told_.empty() || (is_vague(told_) && !is_vague(now))))
    spdlog::error("database away: {}", told_ = now);
  else if (now.empty() && !std::exchange(told_, {}).empty())
    spdlog::info("database back: it can be read and written");
}

void health_state::note_rates(health_sample &sample) {
  auto now = std::chrono::steady_clock::now();
  const auto &counts = parts_->counts;
  accepted_.note(counts.accepted + counts.created, now);
  stored_.note(counts.stored + counts.created, now);
  sample.accepted_per_minute = accepted_.per_minute();
  sample.accepted_last_minute = accepted_.last_minute();
  sample.stored_last_minute = stored_.last_minute();
}

void health_state::note_depth(health_sample &sample,
                              const depth_pacer::known &seen) {
  const auto &depth = seen.depth;
  sample.depth = depth;
  if (seen.is_fresh) {
    parts_->room.note(depth.pending, parts_->shares->on_their_way(),
                      parts_->counts, stored_.per_minute());
    queue_.note(depth.pending);
    moved_.note({.moved = parts_->counts.stored,
                 .waiting = depth.pending,
                 .is_claiming = parts_->gate_state.is_claiming()},
                clock::now());
    sample.stored_per_minute = moved_.per_minute();
  }
  sample.queue_level =
      queue_level(depth.pending, parts_->settings->health, sample.queue_level);
  sample.stuck_level = stuck_level(depth.stuck);
  sample.rate_level =
      rate_level(sample.accepted_per_minute, stored_.per_minute(),
                 queue_.is_growing(), sample.rate_level);
}

void health_state::note_deliveries(health_sample &sample) {
  auto found = session_->with([](db::store &store) {
    return store.count_deliveries(deliveries_counted_up_to);
  });
  if (found)
    sample.deliveries = *found;
}

void health_state::tick(std::uint64_t plan_of) {
  if (plan_of != plan_)
    return;
  sample();
  plan(parts_->settings->health.sample_interval);
}

void health_state::plan(std::chrono::milliseconds wait) {
  send_to_itself_later(self_, *parts_, wait, tick_atom::value, ++plan_);
}

void health_state::count_backlogs(std::optional<long> pending) {
  auto begin = clock::now();
  if (pending == 0)
    return parts_->shares->note_count({});
  const db::backlogs nothing{{}, false};
  if (!pending || begin < next_count_)
    return parts_->shares->note_count(nothing);
  parts_->shares->begin_count();
  auto found = session_->with([](db::store &store) {
    return store.count_backlogs(backlog_counted_up_to);
  });
  parts_->shares->note_count(found.value_or(nothing));
  auto now = clock::now();
  next_count_ = now + rests_between_counts * (now - begin);
}

health_actor::behavior_type health(health_state::pointer self,
                                   parts_ptr parts) {
  self->state.init(std::move(parts));
  return {
      [=](tick_atom, std::uint64_t plan) { self->state.tick(plan); },
      [=](apply_atom) { self->state.plan(std::chrono::milliseconds(0)); },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
