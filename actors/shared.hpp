#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "actors/counters.hpp"
#include "actors/handle_box.hpp"
#include "actors/intake/intake_box.hpp"
#include "actors/interfaces.hpp"
#include "config/settings.hpp"

namespace sluice::actors {

/// The newest health sample, written by the health actor, read by anybody.
class health_board {
public:
  health_sample get() const {
    std::lock_guard lock(mutex_);
    return sample_;
  }
  void set(health_sample sample) {
    std::lock_guard lock(mutex_);
    sample_ = std::move(sample);
  }

private:
  mutable std::mutex mutex_;
  health_sample sample_;
};

/// What all actors of one service share: where the store is, who this node
/// is, the settings, the counters, and the ways to each other.
struct shared_parts {
  std::shared_ptr<db::store_source> source;
  db::node self;
  config::settings settings;
  /// Called when restarting does not help any more.
  std::function<void()> on_escalation;
  counters counts;
  /// Whether this node is on the store's list. A claim of a node that is not
  /// would count as a dead node's, so nothing is claimed before.
  std::atomic<bool> is_enlisted{false};
  health_board board;
  intake_box ingest;
  handle_box<poller_actor> poller;
  handle_box<worker_pool_actor> pool;
  handle_box<janitor_actor> janitor;
  handle_box<health_actor> health;
  std::vector<std::unique_ptr<handle_box<reader_actor>>> readers;
};

/// Alive as long as an actor or the gateway needs it.
using parts_ptr = std::shared_ptr<shared_parts>;

} // namespace sluice::actors
