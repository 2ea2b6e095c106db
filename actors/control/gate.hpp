#pragma once

#include <vector>

#include "actors/control/store_session.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of the gate actor. How the dials stand is kept in the store, where
/// every event and every claim is decided by it; this actor changes it, and
/// makes it known on this node.
class gate_keeper {
public:
  static inline const char *name = "gate";
  using pointer = gate_actor::stateful_pointer<gate_keeper>;

  explicit gate_keeper(pointer self);

  /// Called once, before the first message.
  void init(parts_ptr parts);

  void order(const gate_order &what);

  /// Looks how the dials stand, and plans the next look.
  void tick(std::uint64_t plan);

private:
  using clock = std::chrono::steady_clock;

  /// A change that was made, whose node by node acknowledgement is awaited.
  struct open_order {
    gate_answer answer;
    clock::time_point deadline;
    std::function<void(db::result<gate_answer>)> done;
  };

  void plan();
  void look();
  /// What the state itself asks for: an expiry, the end of a drain.
  void follow_up(const db::gate_state &state);
  /// As `store::change_gate`; what is in doubt is resolved.
  db::result<std::optional<db::gate_state>> change(const db::gate_change &what);
  void change_back(db::gate_change order, const db::gate_state &from);
  void finish_drain();
  void publish(const db::gate_state &state);
  void settle_orders();

  pointer self_;
  parts_ptr parts_;
  std::optional<store_session> session_;
  std::vector<open_order> open_;
  std::uint64_t plan_ = 0;
  /// The version that this node's heartbeat has told.
  std::int64_t told_version_ = -1;
  /// Which overrides the config watcher was told of.
  std::int64_t seen_settings_ = -1;
};

/// The gate actor's behaviour. Blocks in the store: spawn it detached.
gate_actor::behavior_type gate(gate_keeper::pointer self, parts_ptr parts);

} // namespace sluice::actors
