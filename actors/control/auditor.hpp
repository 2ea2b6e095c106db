#pragma once

#include "actors/control/store_session.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// State of the auditor.
class auditor_state {
public:
  static inline const char *name = "auditor";
  /// Nobody waits for a scheduled check, but it must end some time.
  static constexpr std::chrono::milliseconds longest_check{600'000};
  using pointer = auditor_actor::stateful_pointer<auditor_state>;

  explicit auditor_state(pointer self);

  /// Called once, before the first message.
  void init(parts_ptr parts);

  void audit(const audit_order &order);

  /// Checks the books, and plans the next check.
  void tick(std::uint64_t plan_of);

  /// The next check is an interval from now.
  void plan();

private:
  db::result<db::ledger_report> check(int most,
                                      std::chrono::milliseconds limit);

  pointer self_;
  parts_ptr parts_;
  std::optional<store_session> session_;
  std::uint64_t plan_ = 0;
};

/// The auditor's behaviour. Blocks in the store: spawn it detached.
auditor_actor::behavior_type auditor(auditor_state::pointer self,
                                     parts_ptr parts);

} // namespace sluice::actors
