#pragma once

#include <chrono>
#include <optional>

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
  void run(store_job &job);

  /// Checks the books if that is due and this node's turn, or learns what the
  /// last check found, wherever it was made; plans the next look.
  void tick();

private:
  using clock = std::chrono::steady_clock;

  void look();
  void check_when_due();
  void follow();
  void plan();
  db::result<db::ledger_report> check(int most,
                                      std::chrono::milliseconds limit);
  void publish(const ledger_view &found);
  void report(const db::ledger_report &found, bool was_balanced);

  pointer self_;
  parts_ptr parts_;
  std::optional<store_session> session_;
  /// When the last check was made, as far as this node knows.
  clock::time_point checked_{};
  bool is_ours_ = false;
};

/// The auditor's behaviour. Blocks in the store: spawn it detached.
auditor_actor::behavior_type auditor(auditor_state::pointer self,
                                     parts_ptr parts);

} // namespace sluice::actors
