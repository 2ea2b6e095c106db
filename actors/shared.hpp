#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "actors/control/gate_board.hpp"
#include "actors/control/restart_history.hpp"
#include "actors/control/tree_board.hpp"
#include "actors/control/write_watch.hpp"
#include "actors/counters.hpp"
#include "actors/handle_box.hpp"
#include "actors/intake/fullness.hpp"
#include "actors/intake/intake_box.hpp"
#include "actors/intake/tenant_shares.hpp"
#include "actors/interfaces.hpp"
#include "actors/live_settings.hpp"
#include "actors/webhook_port.hpp"

namespace sluice::actors {

/// The newest of something, written by one actor, read by anybody.
template <class T>
class board {
public:
  T get() const {
    std::lock_guard lock(mutex_);
    return newest_;
  }
  void set(T newest) {
    std::lock_guard lock(mutex_);
    newest_ = std::move(newest);
  }

private:
  mutable std::mutex mutex_;
  T newest_;
};

/// What all actors of one service share: where the store is, who this node
/// is, the settings, the counters, and the ways to each other.
struct shared_parts {
  explicit shared_parts(const config::settings &chosen)
      : at_start(chosen), settings(chosen),
        room(settings->ingest.max_queue_depth),
        shares(std::make_shared<tenant_shares>(
            settings->ingest.max_queue_depth,
            settings->ingest.organization_share)) {}

  std::shared_ptr<db::store_source> source;
  db::node self;
  const config::settings at_start;
  live_settings settings;
  /// Where they come from; none: from nowhere but the start.
  std::optional<config::sources> sources;
  /// All that is known of the settings; written by the config watcher alone,
  /// which finds there what its predecessor knew.
  board<settings_view_ptr> settings_board;
  /// Which of the config watchers that there were may do so: one that hung, and
  /// was replaced, must not say what it once knew.
  std::atomic<std::uint64_t> watcher_in_charge{0};
  /// Whether a load was asked for that has not begun yet.
  std::atomic<bool> is_load_due{false};
  /// Whether the queue has room for more; fed by the health actor.
  fullness room;
  /// Who has how much of it; fed by the health actor, too.
  std::shared_ptr<tenant_shares> shares;
  /// How webhooks are sent; empty: they are not.
  webhook_port_opener open_webhook_port;
  /// Called after the settings were changed.
  std::function<void(const config::settings &)> on_settings;
  /// Called when restarting does not help any more.
  std::function<void()> on_escalation;
  /// Set before the actors are stopped. What is sent later than the clock
  /// stops would never arrive, and keep its receiver alive.
  std::atomic<bool> is_stopping{false};
  counters counts;
  restart_history restarts;
  /// Whether this node is on the store's list. A claim of a node that is not
  /// would count as a dead node's, so nothing is claimed before.
  std::atomic<bool> is_enlisted{false};
  /// Whether this node does what one node does for all.
  std::atomic<bool> keeps_house{false};
  /// Whether what this node writes gets into the store.
  write_watch writes;
  board<health_sample> health_board;
  gate_board gate_state;
  board<ledger_view> ledger_board;
  tree_board tree;
  intake_box ingest;
  handle_box<poller_actor> poller;
  handle_box<worker_pool_actor> pool;
  handle_box<dispatcher_actor> dispatcher;
  handle_box<janitor_actor> janitor;
  handle_box<health_actor> health;
  handle_box<gate_actor> gate;
  handle_box<auditor_actor> auditor;
  handle_box<config_watcher_actor> watcher;
  std::vector<std::unique_ptr<handle_box<reader_actor>>> readers;
};

/// When a claim counts as stuck, by the settings.
inline db::stuck_rule stuck_by(const config::settings &now) {
  return {.stuck_after = now.processor.stuck_item_timeout,
          .node_dead_after = now.node.dead_after};
}

/// Alive as long as an actor or the gateway needs it.
using parts_ptr = std::shared_ptr<shared_parts>;

/// A message from an actor to itself after a while; none once the service
/// stops. For actors that may be given up while they hang: one that wakes up
/// when all others are gone must find its end.
template <class Self, class Wait, class... Parts>
void send_to_itself_later(Self *self, const shared_parts &of, Wait wait,
                          Parts &&...message) {
  if (!of.is_stopping)
    self->delayed_send(self, wait, std::forward<Parts>(message)...);
}

} // namespace sluice::actors
