#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/model/ids.hpp"
#include "db/model/time.hpp"

/// An organization's events in the order in which they reached the log.
namespace sluice::db {

/// A place in that order. Whatever is committed later stands behind all that
/// was read before: not ids and not times are in the order of commits, but
/// these are. Means nothing in another store.
struct log_position {
  /// Which transaction wrote it.
  std::uint64_t commit = 0;
  /// Which of that transaction's.
  uuid within{};

  constexpr auto operator<=>(const log_position &) const = default;
};

struct log_entry {
  log_position position;
  event_id id;
  std::string type;
  std::string payload;
  std::optional<std::string> dedup_id;
  timestamp accepted_at{};
  timestamp stored_at{};
};

struct log_query {
  organization_id organization{};
  /// Otherwise oldest first, and then only what nothing can be committed in
  /// front of any more.
  bool newest_first = false;
  /// Only events behind this place, in the direction of reading.
  std::optional<log_position> from{};
  /// Only of this type, or, if it ends in `.*`, of all that begin like it.
  std::optional<std::string> type{};
  /// Only what was stored at this time or later.
  std::optional<timestamp> since{};
  /// 0: only where the log ends.
  int limit = 50;
};

struct log_page {
  std::vector<log_entry> events;
  /// Where the next page begins, also when this one is empty.
  log_position reached{};
  /// There may be more behind it already: a page is also cut after it has
  /// looked at many events that did not fit.
  bool has_more = false;
};

} // namespace sluice::db
