#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "db/model/ledger.hpp"
#include "db/sqlite/connection.hpp"
#include "db/store.hpp"

/// The books inside a transaction: compared with the tables, put right, and
/// kept while operators move items. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

/// An event of which the ledger and the tables do not say the same.
struct ledger_difference {
  organization_id owner;
  event_id id;
  /// How often it came in by the ledger, without what was written off.
  std::int64_t wanted = 0;
  /// In how many places it is.
  std::int64_t found = 0;

  ledger_fault::kind what() const;
};

struct ledger_comparison {
  timestamp at{};
  std::int64_t position = 0;
  ledger_sums sums;
  /// All of them, in the order of their ids.
  std::vector<ledger_difference> differences;

  /// What the caller is told, with the first `most` faults.
  ledger_report report(int most) const;
};

/// Compares counts and checksums of each organization first, in a memory that
/// does not grow with the events; only where they differ the ids. Rests for so
/// long in all, at the most: none inside a change, for whose end others wait.
ledger_comparison compare_ledger(connection &database, timestamp now,
                                 std::chrono::microseconds rests);

/// As the methods of `store` of these names.
ledger_report repair_ledger(connection &database, std::string_view actor,
                            std::string_view reason, timestamp now);
int requeue(connection &database, const item_order &order, timestamp now);
int discard(connection &database, const item_order &order, timestamp now);

} // namespace sluice::db::sqlite
