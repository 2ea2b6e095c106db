#pragma once

#include <optional>
#include <string>

#include "db/model/event.hpp"
#include "db/model/ids.hpp"
#include "db/model/time.hpp"

namespace sluice::db {

/// One event in an organization's inbox: the event and its delivery there.
struct inbox_entry {
  /// Where a page that follows this entry begins; grows with each entry.
  uuid position;
  event_id id;
  std::string type;
  std::string payload;
  std::optional<std::string> dedup_id;
  timestamp accepted_at{};
  timestamp stored_at{};
  delivery_status status = delivery_status::pending;
  int attempts = 0;
};

struct inbox_query {
  organization_id organization;
  /// None: every status.
  std::optional<delivery_status> status;
  /// Only entries behind this position.
  std::optional<uuid> after;
  /// Entries to pass over; for clients that page by number.
  int offset = 0;
  /// 1 to 1000.
  int limit = 50;
};

enum class ack_outcome {
  /// Now delivered, by this call.
  acknowledged,
  /// Was delivered before.
  already,
  /// Not in this organization's log: unknown, another's, or not stored yet.
  not_found,
};

} // namespace sluice::db
