#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/model/depth.hpp"
#include "db/model/event.hpp"
#include "db/model/gate.hpp"
#include "db/model/inspection.hpp"
#include "db/model/ledger.hpp"
#include "db/model/node.hpp"
#include "db/model/work.hpp"

/// What is wrong with a store's contents, and what mends it.
namespace sluice::db {

struct assess_request {
  stuck_rule stuck;
  /// As in `rescue_request`.
  int max_attempts = 1;
  /// Of each list, so many are named: errors, holders, items.
  int most = 5;
  /// Of the faults in the books, and of the items that are in the log already.
  int most_faults = 100;
  /// Looks up each item of the queue in the log: a second for a million.
  bool looks_for_doubled = true;
  /// Compares the books with the tables, id by id where they differ: seconds
  /// for a million.
  bool checks_books = true;
  /// Of the whole look, in the place of the time for a call.
  std::chrono::milliseconds limit{};
};

/// Items with one error are counted up to this many of all errors.
inline constexpr long assess_counts_errors_of = 100'000;
/// So many of the ledger's newest entries are looked at for arrivals.
inline constexpr long assess_looks_at_entries = 50'000;

/// Stuck items of one holder.
struct stuck_holder {
  /// As in `event_queue.claimed_by`; empty: nobody.
  std::string claimed_by;
  /// Of the node; empty when it is not enlisted any more.
  std::string name;
  long count = 0;
  /// Of the oldest claim, if any has a time.
  std::optional<timestamp> since;
};

/// Items that failed with one error.
struct error_count {
  /// Empty: none is noted.
  std::string error;
  long count = 0;
  event_id newest;
};

/// The most frequent errors, and how many items were looked at.
struct error_counts {
  long items = 0;
  /// False when counting stopped at `assess_counts_errors_of`.
  bool is_exact = true;
  std::vector<error_count> most;
};

/// Events that came into the log, by the ledger. An entry that was folded
/// counts when its newest part came.
struct arrivals {
  std::int64_t last_minute = 0;
  std::int64_t last_hour = 0;
  /// False when the entries that were looked at do not reach back an hour.
  bool is_exact = true;
  /// None: not among them.
  std::optional<timestamp> newest;
};

/// An item of the queue that is in the log already.
struct doubled_item {
  event_id id;
  organization_id organization;
  item_status status = item_status::pending;
  /// Whether the log has the same type and payload.
  bool is_same = true;
};

/// All of it as of one moment.
struct assessment {
  timestamp at{};
  queue_depth depth;
  /// Of the stuck items, those that a rescue would send to quarantine.
  long exhausted = 0;
  /// The longest first.
  std::vector<stuck_holder> holders;
  std::vector<item_view> stuck;
  arrivals stored;
  /// Pending items that failed and whose time has not come yet.
  error_counts retrying;
  error_counts quarantined;
  gate_state gate;
  std::vector<node_view> nodes;
  /// What the last check found.
  std::optional<ledger_verdict> verdict;
  /// What this look found, if it was to check.
  std::optional<ledger_report> books;
  /// How many there are, if they were looked for, and the first of them in the
  /// order of their ids.
  std::optional<std::int64_t> doubled_count;
  std::vector<doubled_item> doubled;
};

struct recovery_outcome {
  int rescued = 0;
  int quarantined = 0;
  /// Items that were taken from the queue because the log has them.
  int unqueued = 0;

  int changed() const { return rescued + quarantined + unqueued; }
};

/// For `audit_log`, in one line.
std::string describe(const recovery_outcome &done);

} // namespace sluice::db
