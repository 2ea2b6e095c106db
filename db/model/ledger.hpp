#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "db/model/ids.hpp"
#include "db/model/time.hpp"

namespace sluice::db {

/// The sums of the books, of one organization or of all. They balance when
///   accepted + adopted = stored + waiting + discarded + written_off
/// and every id that came in is in exactly one place.
struct ledger_sums {
  /// By the ledger: events that came in, through the queue or past it.
  std::int64_t accepted = 0;
  /// By the ledger: events that somebody else had written, and that a repair
  /// took into the books.
  std::int64_t adopted = 0;
  /// By the ledger: events that were lost, and that a repair struck off, and
  /// events that were removed, with their organization or by retention.
  std::int64_t written_off = 0;
  /// By the tables: rows of `events`, `event_queue` (waiting: pending,
  /// processing and quarantined) and `discarded`.
  std::int64_t stored = 0;
  std::int64_t waiting = 0;
  std::int64_t discarded = 0;

  bool is_balanced() const {
    return accepted + adopted == stored + waiting + discarded + written_off;
  }
};

/// One event that is not where the books have it.
struct ledger_fault {
  enum class kind : std::uint8_t {
    /// Came in, and is nowhere.
    missing,
    /// Is somewhere, and never came in.
    surplus,
    /// Is in two places.
    doubled,
  };
  kind what = kind::missing;
  organization_id owner;
  event_id id;
};

std::string_view to_string(ledger_fault::kind what);

/// What comparing the ledger with the tables found, in one snapshot.
struct ledger_report {
  timestamp at{};
  /// The newest entry that was seen: `ledger.seq`. Folding entries does not
  /// change it.
  std::int64_t position = 0;
  ledger_sums sums;
  /// How many there are, and the first of them in the order of their ids.
  std::int64_t fault_count = 0;
  std::vector<ledger_fault> faults;

  bool is_balanced() const { return fault_count == 0 && sums.is_balanced(); }
};

/// What the last check of the books found, as it is kept for all nodes.
struct ledger_verdict {
  bool is_balanced = true;
  std::int64_t fault_count = 0;
  timestamp checked_at{};
  /// Since it was kept, by the store's clock.
  std::chrono::microseconds age{};
};

/// Which entries of the ledger are to be folded by one call.
struct compaction_request {
  /// Younger entries stay as they are.
  std::chrono::milliseconds older_than{};
  /// Entries that are looked at, at the most; at least 1.
  int limit = 500;
  /// Fewer entries than this wait until there are more: folding one by one
  /// costs more than it saves.
  int at_least = 1;
};

struct compaction_outcome {
  /// Entries that were folded, and those that stand for them now.
  int folded = 0;
  int made = 0;
  /// Whether there is something left to be folded now.
  bool has_more = false;
};

} // namespace sluice::db
