#include "actors/control/auditor.hpp"

#include "actors/control/child.hpp"

#include <algorithm>
#include <span>

#include <spdlog/spdlog.h>

namespace sluice::actors {

namespace {

// Faults that a scheduled check names in the log.
constexpr int named_in_log = 10;

} // namespace

auditor_state::auditor_state(pointer self) : self_(self) {}

void auditor_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::read);
  plan();
}

void auditor_state::plan() {
  self_->delayed_send(self_, parts_->settings->ledger.verify_interval,
                      tick_atom::value, ++plan_);
}

void auditor_state::audit(const audit_order &order) {
  // Whoever waits gives up after this.
  order.done(check(order.most, 2 * parts_->settings->store.call_timeout));
}

void auditor_state::tick(std::uint64_t plan_of) {
  if (plan_of != plan_)
    return;
  auto found = check(named_in_log, longest_check);
  if (!found)
    spdlog::warn("ledger: not checked: {}", found.error().text);
  plan();
}

db::result<db::ledger_report>
auditor_state::check(int most, std::chrono::milliseconds limit) {
  auto found = session_->with(
      [&](db::store &store) { return store.verify(most, limit); });
  auto before = parts_->ledger_board.get();
  if (!found) {
    // Somebody wrote what can't be compared.
    if (found.error().code == db::errc::rejected)
      parts_->ledger_board.set({.was_checked = true,
                                .is_balanced = false,
                                .fault_count = before.fault_count,
                                .checked_at = before.checked_at});
    return found;
  }
  parts_->ledger_board.set({.was_checked = true,
                            .is_balanced = found->is_balanced(),
                            .fault_count = found->fault_count,
                            .checked_at = found->at});
  if (!found->is_balanced()) {
    spdlog::critical("ledger: {} events are not where the books have them",
                     found->fault_count);
    auto names = std::span(found->faults);
    for (const auto &fault :
         names.first(std::min<std::size_t>(names.size(), named_in_log)))
      spdlog::critical("ledger: {} event {} of organization {}",
                       to_string(fault.what), fault.id.to_string(),
                       fault.owner.to_string());
  } else if (!before.is_balanced) {
    spdlog::info("ledger: the books balance again");
  }
  return found;
}

auditor_actor::behavior_type auditor(auditor_state::pointer self,
                                     parts_ptr parts) {
  self->state.init(std::move(parts));
  return {
      [=](audit_atom, audit_order_ptr &order) { self->state.audit(*order); },
      [=](tick_atom, std::uint64_t plan) { self->state.tick(plan); },
      [=](apply_atom) { self->state.plan(); },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
