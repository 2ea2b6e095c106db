#pragma once

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
  /// Rescues, and plans the next time.
  void rescue();
  db::result<db::rescue_outcome> rescue_now();

  /// Returns this node's claims and strikes it off the list, if the store can
  /// be reached; otherwise the next start or another node does it.
  void retire();

private:
  void enlist();

  pointer self_;
  parts_ptr parts_;
  std::optional<store_session> session_;
};

/// The janitor's behaviour. Blocks in the store: spawn it detached.
janitor_actor::behavior_type janitor(janitor_state::pointer self,
                                     parts_ptr parts);

} // namespace sluice::actors
