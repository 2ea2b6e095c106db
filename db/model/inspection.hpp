#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/model/event.hpp"
#include "db/model/ids.hpp"
#include "db/model/time.hpp"

/// What operators look at: items in the queue, and who did what.
namespace sluice::db {

/// Which items; what is not said does not matter.
struct item_query {
  std::optional<item_status> status{};
  std::optional<organization_id> organization{};
  /// Only items that were accepted before.
  std::optional<timestamp> accepted_before{};
  /// Only items behind this one.
  std::optional<event_id> after{};
  /// Only these; empty: all.
  std::vector<event_id> only{};
  /// 1 to 1000.
  int limit = 50;
};

/// An item of the queue without its payload.
struct item_view {
  event_id id;
  organization_id organization;
  std::string type;
  item_status status = item_status::pending;
  /// Attempts that failed.
  int attempts = 0;
  /// Why the last one did; empty: none has.
  std::string last_error;
  timestamp accepted_at{};
  /// When it may be claimed, if it is pending.
  timestamp due_at{};
  /// While it is processing: which node has it, and since when.
  std::string claimed_by;
  std::optional<timestamp> claimed_at;
};

/// An event in one of the places that it may be in.
struct item_record {
  event_view::place where = event_view::place::queued;
  /// In the log and in `discarded` without what the queue alone knows.
  item_view item;
  std::optional<std::string> dedup_id;
  /// The name of the node that holds it; empty when that is not enlisted.
  std::string holder;
  std::optional<timestamp> stored_at;
  std::optional<timestamp> discarded_at;
  std::string discarded_by;
  std::string reason;
  std::int64_t payload_bytes = 0;
  /// Only if it was asked for.
  std::optional<std::string> payload;
};

struct audit_query {
  /// Only entries older than this position.
  std::optional<std::int64_t> before{};
  /// 1 to 1000.
  int limit = 50;
};

/// One entry of the record of what operators did, and what the service did to
/// the gate and the books by itself.
struct audit_record {
  std::int64_t position = 0;
  timestamp at{};
  std::string actor;
  std::string action;
  /// Empty where there is none.
  std::string target;
  std::string reason;
  std::string detail;
};

/// What an operator is about to do.
struct act_note {
  std::string actor;
  std::string action;
  /// Empty where there is none.
  std::string target{};
  std::string reason{};
};

} // namespace sluice::db
