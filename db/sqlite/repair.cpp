#include <algorithm>
#include <string>

#include "db/sqlite/booking.hpp"
#include "db/sqlite/ledger.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

/// Makes the books balance, one event after the other.
class repair {
public:
  repair(connection &database, std::string_view actor, std::string_view reason,
         timestamp now)
      : actor_(one_line(actor)), reason_(one_line(reason)), now_(now),
        keep_queued_(database.statement(sql::keep_queued)),
        keep_discarded_(database.statement(sql::keep_discarded)),
        leave_queue_(database.statement(sql::leave_queue)),
        leave_discarded_(database.statement(sql::leave_discarded)),
        adopted_(database, "adopted", now),
        written_off_(database, "written_off", now),
        undoubled_(database, "undoubled", now),
        undoubled_quarantined_(database, "undoubled_quarantined", now) {}

  void settle(ledger_difference difference) {
    if (difference.found > 1)
      leave_one_place(difference);
    for (; difference.wanted > difference.found; --difference.wanted)
      written_off_.add(difference.owner, difference.id);
    for (; difference.wanted < difference.found; ++difference.wanted)
      adopted_.add(difference.owner, difference.id);
  }

  /// What was done, in one line.
  std::string close() {
    undoubled_.write();
    undoubled_quarantined_.write();
    auto adopted = adopted_.write();
    auto written_off = written_off_.write();
    return "adopted=" + std::to_string(adopted) +
           " written_off=" + std::to_string(written_off) +
           " undoubled=" + std::to_string(left_) +
           " kept=" + std::to_string(kept_);
  }

private:
  /// The log is what remains, then `discarded`, then the queue. Contents that
  /// differ from what remains are kept in `discarded`, under another id.
  void leave_one_place(ledger_difference &difference) {
    keep_queued(difference);
    leave_queue_.bind(1, difference.id).bind(2, difference.owner);
    if (leave_queue_.next()) {
      auto &entries =
          leave_queue_.number(0) != 0 ? undoubled_quarantined_ : undoubled_;
      entries.add(difference.owner, difference.id);
      --difference.found;
      ++left_;
    }
    leave_queue_->reset();
    if (difference.found < 2)
      return;
    auto left = keep_discarded(difference);
    if (left == 0) {
      leave_discarded_.bind(1, difference.id).bind(2, difference.owner);
      left = leave_discarded_.run();
    }
    difference.found -= left;
    left_ += left;
  }

  void keep_queued(const ledger_difference &difference) {
    const auto id = event_id::generate();
    keep_queued_.bind(1, difference.id)
        .bind(2, difference.owner)
        .bind(3, id)
        .bind(4, reason_)
        .bind(5, actor_)
        .bind(6, now_);
    note_kept(difference.owner, id, keep_queued_.run());
  }

  int keep_discarded(const ledger_difference &difference) {
    const auto id = event_id::generate();
    keep_discarded_.bind(1, difference.id)
        .bind(2, difference.owner)
        .bind(3, id);
    const auto kept = keep_discarded_.run();
    note_kept(difference.owner, id, kept);
    return kept;
  }

  void note_kept(organization_id owner, event_id id, int kept) {
    if (kept == 0)
      return;
    adopted_.add(owner, id);
    ++kept_;
  }

  std::string actor_;
  std::string reason_;
  timestamp now_;
  statement_loan keep_queued_;
  statement_loan keep_discarded_;
  statement_loan leave_queue_;
  statement_loan leave_discarded_;
  ledger_entries adopted_;
  ledger_entries written_off_;
  ledger_entries undoubled_;
  ledger_entries undoubled_quarantined_;
  std::int64_t left_ = 0;
  std::int64_t kept_ = 0;
};

} // namespace

ledger_report repair_ledger(connection &database, std::string_view actor,
                            std::string_view reason, timestamp now) {
  auto before = compare_ledger(database, now, {});
  auto report = before.report(static_cast<int>(before.differences.size()));
  // One organization after the other, as the entries are.
  std::stable_sort(
      before.differences.begin(), before.differences.end(),
      [](const auto &a, const auto &b) { return a.owner < b.owner; });
  repair work(database, actor, reason, now);
  for (const auto &difference : before.differences)
    work.settle(difference);
  auto detail =
      "faults=" + std::to_string(report.fault_count) + " " + work.close();
  audit(database,
        {std::string(actor), "repair", "ledger", std::string(reason), detail},
        now);
  return report;
}

} // namespace sluice::db::sqlite
