#pragma once

#include "actors/control/depth_pacer.hpp"
#include "actors/control/health_levels.hpp"
#include "actors/control/move_rate.hpp"
#include "actors/control/rate_window.hpp"
#include "actors/control/store_session.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of the health actor.
class health_state {
public:
  static inline const char *name = "health";
  using pointer = health_actor::stateful_pointer<health_state>;

  explicit health_state(pointer self);

  /// Called once, before the first message.
  void init(parts_ptr parts);

  /// Takes a sample, publishes it, plans the next one.
  void tick(std::uint64_t plan_of);

  void plan(std::chrono::milliseconds wait);

private:
  using clock = std::chrono::steady_clock;

  void sample();
  /// Whether the store can be read and written, and the log line when that
  /// has changed.
  void note_store(health_sample &sample, const db::error *unread);
  /// Counts who has how much waiting, if it is time to. `pending`: what waits
  /// in all, counted since `begin_count`.
  void count_backlogs(std::optional<long> pending);
  void note_deliveries(health_sample &sample);
  void note_rates(health_sample &sample);
  void note_depth(health_sample &sample, const depth_pacer::known &seen);
  db::result<depth_pacer::known> count();

  pointer self_;
  parts_ptr parts_;
  std::optional<store_session> session_;
  rate_window accepted_;
  rate_window stored_;
  move_rate moved_;
  std::uint64_t plan_ = 0;
  clock::time_point next_count_{};
  queue_trend queue_;
  depth_pacer pacer_;
  /// What was last told of the store in the log; empty: that all is well.
  std::string told_;
};

/// The health actor's behaviour. Blocks in the store: spawn it detached.
health_actor::behavior_type health(health_state::pointer self, parts_ptr parts);

} // namespace sluice::actors
