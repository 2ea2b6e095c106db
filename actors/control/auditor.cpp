#include "actors/control/auditor.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <spdlog/spdlog.h>

#include "actors/control/child.hpp"

namespace sluice::actors {

namespace {

// Faults that a scheduled check names in the log.
constexpr int named_in_log = 10;
// What another node found is known here this soon.
constexpr std::chrono::milliseconds look_for_verdict{500};

ledger_view view_of(const db::ledger_report &found) {
  return {.was_checked = true,
          .is_balanced = found.is_balanced(),
          .fault_count = found.fault_count,
          .checked_at = found.at};
}

} // namespace

auditor_state::auditor_state(pointer self) : self_(self) {}

void auditor_state::init(parts_ptr parts) {
  parts_ = std::move(parts);
  session_.emplace(parts_->source, db::purpose::read);
  checked_ = clock::now();
  plan();
}

void auditor_state::audit(const audit_order &order) {
  // Whoever waits gives up after this.
  order.done(check(order.most, 2 * parts_->settings->store.call_timeout));
}

void auditor_state::run(store_job &job) {
  auto session = session_->get();
  auto outcome =
      session ? job.call(*session, {}) : job.call(nullptr, session.error());
  if (session && !outcome)
    session_->note(outcome.error());
}

void auditor_state::tick() {
  look();
  plan();
}

void auditor_state::plan() {
  auto interval = parts_->settings->ledger.verify_interval;
  auto pause = std::min(look_for_verdict, interval);
  if (is_ours_) {
    auto until_due = std::chrono::ceil<std::chrono::milliseconds>(
        checked_ + interval - clock::now());
    pause = std::clamp(until_due, std::chrono::milliseconds(0), pause);
  }
  send_to_itself_later(self_, *parts_, pause, tick_atom::value);
}

void auditor_state::look() {
  if (!parts_->keeps_house) {
    is_ours_ = false;
    return follow();
  }
  // The schedule goes on where another node, or an earlier life, left it.
  if (!std::exchange(is_ours_, true))
    follow();
  check_when_due();
}

void auditor_state::check_when_due() {
  if (clock::now() - checked_ < parts_->settings->ledger.verify_interval)
    return;
  auto found = check(named_in_log, longest_check);
  if (!found)
    spdlog::warn("ledger: not checked: {}", found.error().text);
}

void auditor_state::follow() {
  auto kept =
      session_->with([](db::store &store) { return store.last_verdict(); });
  if (!kept || !*kept)
    return;
  const auto &verdict = **kept;
  if (verdict.checked_at < parts_->ledger_board.get().checked_at)
    return;
  checked_ = clock::now() - verdict.age;
  if (parts_->ledger_board.get().is_balanced && !verdict.is_balanced)
    spdlog::critical("ledger: another check found {} events that are not where "
                     "the books have them",
                     verdict.fault_count);
  parts_->ledger_board.set({.was_checked = true,
                            .is_balanced = verdict.is_balanced,
                            .fault_count = verdict.fault_count,
                            .checked_at = verdict.checked_at});
}

db::result<db::ledger_report>
auditor_state::check(int most, std::chrono::milliseconds limit) {
  auto found = session_->with(
      [&](db::store &store) { return store.verify(most, limit); });
  checked_ = clock::now();
  auto before = parts_->ledger_board.get();
  if (found) {
    publish(view_of(*found));
    report(*found, before.is_balanced);
  } else if (found.error().code == db::errc::rejected) {
    // Somebody wrote what can't be compared.
    before.was_checked = true;
    before.is_balanced = false;
    publish(before);
  }
  return found;
}

void auditor_state::publish(const ledger_view &found) {
  parts_->ledger_board.set(found);
  auto kept = session_->with([&](db::store &store) {
    return store.keep_verdict({.is_balanced = found.is_balanced,
                               .fault_count = found.fault_count,
                               .checked_at = found.checked_at,
                               .age = {}});
  });
  if (!kept)
    spdlog::warn("ledger: other nodes are not told what was found: {}",
                 kept.error().text);
}

void auditor_state::report(const db::ledger_report &found, bool was_balanced) {
  if (found.is_balanced()) {
    if (!was_balanced)
      spdlog::info("ledger: the books balance again");
    return;
  }
  spdlog::critical("ledger: {} events are not where the books have them",
                   found.fault_count);
  auto names = std::span(found.faults);
  for (const auto &fault :
       names.first(std::min<std::size_t>(names.size(), named_in_log)))
    spdlog::critical("ledger: {} event {} of organization {}",
                     to_string(fault.what), fault.id.to_string(),
                     fault.owner.to_string());
}

auditor_actor::behavior_type auditor(auditor_state::pointer self,
                                     parts_ptr parts) {
  self->state.init(std::move(parts));
  return {
      [=](audit_atom, audit_order_ptr &order) { self->state.audit(*order); },
      [=](ask_atom, store_job_ptr &job) { self->state.run(*job); },
      [=](tick_atom) { self->state.tick(); },
      on_crash,
      on_ping,
  };
}

} // namespace sluice::actors
