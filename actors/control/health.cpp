#include "actors/control/health.hpp"

#include <algorithm>
#include <stdexcept>

#include <spdlog/spdlog.h>

namespace sluice::actors {

namespace {

// Counting stops here, or where the last decision is made by it: a probe must
// cost the same whether the queue is long or very long.
constexpr long counted_at_least = 10'000;

} // namespace

health_state::health_state(pointer self) : self_(self) {}

void health_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::read);
  self_->send(self_, tick_atom::value);
}

void health_state::sample() {
  const auto &settings = parts_->settings;
  auto limit = std::max({counted_at_least, settings.health.critical_depth + 1,
                         settings.processor.yield_depth + 1,
                         settings.ingest.max_queue_depth + 1});
  auto depth =
      session_->with([&](db::store &store) { return store.depth(limit); });
  auto before = parts_->health_board.get();
  health_sample sample = before;
  sample.node = parts_->self.name;
  sample.database_is_up = depth.has_value();
  sample.database_error = depth ? "" : depth.error().text;
  if (depth)
    sample.depth = *depth;
  sample.is_ready = sample.database_is_up;
  if (before.database_is_up && !sample.database_is_up)
    spdlog::error("database away: {}", sample.database_error);
  if (!before.database_is_up && sample.database_is_up && !before.node.empty())
    spdlog::info("database reached");
  auto now = std::chrono::steady_clock::now();
  const auto &counts = parts_->counts;
  accepted_.note(counts.accepted + counts.created, now);
  stored_.note(counts.stored + counts.created, now);
  sample.accepted_per_minute = accepted_.per_minute();
  sample.stored_per_minute = stored_.per_minute();
  if (depth)
    parts_->room.note(depth->pending, counts, sample.stored_per_minute);
  parts_->health_board.set(std::move(sample));
  self_->delayed_send(self_, settings.health.sample_interval, tick_atom::value);
}

health_actor::behavior_type health(health_state::pointer self,
                                   parts_ptr parts) {
  self->state.init(std::move(parts));
  return {
      [=](tick_atom) { self->state.sample(); },
      [](crash_atom) { throw std::runtime_error("crash requested"); },
  };
}

} // namespace sluice::actors
