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
  repair(connection &database, timestamp now)
      : leave_queue_(database.statement(sql::leave_queue)),
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
           " undoubled=" + std::to_string(left_);
  }

private:
  /// The log is what remains, then `discarded`, then the queue.
  void leave_one_place(ledger_difference &difference) {
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
    leave_discarded_.bind(1, difference.id).bind(2, difference.owner);
    auto left = leave_discarded_.run();
    difference.found -= left;
    left_ += left;
  }

  statement_loan leave_queue_;
  statement_loan leave_discarded_;
  ledger_entries adopted_;
  ledger_entries written_off_;
  ledger_entries undoubled_;
  ledger_entries undoubled_quarantined_;
  std::int64_t left_ = 0;
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
  repair work(database, now);
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
