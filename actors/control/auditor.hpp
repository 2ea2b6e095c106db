#pragma once

#include "actors/control/store_session.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of the auditor.
class auditor_state {
public:
  static inline const char *name = "auditor";
  using pointer = auditor_actor::stateful_pointer<auditor_state>;

  explicit auditor_state(pointer self);

  /// Called once, before the first message.
  void init(parts_ptr parts);

  void audit(const audit_order &order);

  /// Checks the books, and plans the next check.
  void tick();

private:
  db::result<db::ledger_report> check(int most,
                                      std::chrono::milliseconds limit);

  pointer self_;
  parts_ptr parts_;
  std::optional<store_session> session_;
};

/// The auditor's behaviour. Blocks in the store: spawn it detached.
auditor_actor::behavior_type auditor(auditor_state::pointer self,
                                     parts_ptr parts);

} // namespace sluice::actors
