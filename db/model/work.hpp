#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "db/model/event.hpp"
#include "db/model/ids.hpp"

/// What is asked and answered about items that are claimed and moved.
namespace sluice::db {

/// Who asks to own items, and how many at the most.
struct claim_request {
  node_id node;
  /// A fresh id; the fence of this claim.
  claim_id id;
  /// At least 1.
  int limit = 1;
  /// Only items of this organization; none: of all.
  std::optional<organization_id> owner{};
};

/// Who moves what is due, and how much of it at the most.
struct due_request {
  node_id node;
  /// At least 1.
  int limit = 1;
};

/// What was due and is in the log now.
struct due_outcome {
  std::vector<claimed_item> moved;
  /// Nothing was, because the gate stands at `paused` or `drained`.
  bool is_paused = false;
};

/// An item that the database will never take, and what it said, in one line.
struct refused_item {
  event_id id;
  std::string reason;
};

struct move_outcome {
  /// Items that went from the queue into the log, now, by this call.
  int moved = 0;
  /// Items that did not carry the claim's fence any more: somebody else has
  /// them, or had them. Normal after a rescue or an operator's UPDATE.
  int lost = 0;
  /// Items that are still claimed, because the database refuses them.
  std::vector<refused_item> refused;
};

/// What is to become of a claimed item that could not be moved.
struct failure {
  event_id id;
  /// One line for `last_error`; cut to 1000 bytes.
  std::string reason;
  /// When it may be tried again, counted from now. None: to quarantine.
  std::optional<std::chrono::milliseconds> retry_in;
};

struct fail_outcome {
  int retried = 0;
  int quarantined = 0;
  /// As in `move_outcome`.
  int lost = 0;
};

/// When a claim counts as stuck.
struct stuck_rule {
  /// A claim older than this is stuck.
  std::chrono::milliseconds stuck_after{};
  /// A node without a heartbeat for this long is dead; its claims are stuck.
  std::chrono::milliseconds node_dead_after{};
};

struct rescue_request {
  stuck_rule stuck;
  /// An item that has failed this often goes to quarantine instead.
  int max_attempts = 1;
};

struct rescue_outcome {
  /// Items that are pending again; each counts one more attempt.
  int rescued = 0;
  int quarantined = 0;
};

} // namespace sluice::db
