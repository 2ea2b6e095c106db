#pragma once

#include <chrono>
#include <optional>

#include "actors/control/pruner.hpp"
#include "actors/control/store_session.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of the janitor.
class janitor_state {
public:
  static inline const char *name = "janitor";
  using pointer = janitor_actor::stateful_pointer<janitor_state>;

  explicit janitor_state(pointer self);

  /// Called once, before the first message.
  void init(parts_ptr parts);

  void beat();
  /// Asks for the duty and rescues if this node has it; plans the next time.
  void keep_house();
  /// Folds some of the ledger if this node has the duty; plans the next time,
  /// soon when there is more.
  void fold();
  /// Removes some of what is old if this node has the duty; plans the next
  /// time.
  void prune();
  /// Makes a step of a replay if one is due; plans the next time.
  void replay();
  db::result<db::rescue_outcome> rescue_now();

  /// Returns this node's claims and strikes it off the list, if the store can
  /// be reached; otherwise the next start or another node does it.
  void retire();

private:
  void enlist();
  /// Until the next sign of life.
  std::chrono::milliseconds beat_pause() const;
  void note_duty(bool is_held);
  /// Rescues deliveries, and skips those of endpoints that were removed.
  void tidy_deliveries();
  /// Returns how long to wait for the next.
  std::chrono::milliseconds fold_slice();
  void note_folded(const db::compaction_outcome &slice);
  /// Returns how long to wait for the next.
  std::chrono::milliseconds replay_step();

  pointer self_;
  parts_ptr parts_;
  std::optional<store_session> session_;
  std::optional<pruner> pruner_;
  /// Since the last line in the log.
  long folded_ = 0;
  long made_ = 0;
};

/// The janitor's behaviour. Blocks in the store: spawn it detached.
janitor_actor::behavior_type janitor(janitor_state::pointer self,
                                     parts_ptr parts);

} // namespace sluice::actors
