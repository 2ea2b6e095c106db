#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "db/model/event_log.hpp"

/// What reading the log means in every store. Pure functions.
namespace sluice::db {

/// Events that a page looks at, at the most: of those that are asked for there
/// may be few, and a page has to come in time.
inline int log_looks(const log_query &query) {
  constexpr int least = 1000;
  constexpr int looks_for_each = 10;
  return std::max(query.limit * looks_for_each, least);
}

/// The stored time of an event is that of its transaction's beginning, so that
/// their order differs from that of positions by no more than what one lasts.
inline constexpr std::chrono::minutes longest_commit{10};

/// Whether nothing at, or in front of, an event that was stored then can be
/// asked for.
inline bool is_before_all(const log_query &query, timestamp stored_at) {
  return query.since && stored_at + longest_commit < *query.since;
}

/// `order.*` as what the types begin with; empty: it is a type as it is.
inline std::string_view type_prefix(std::string_view pattern) {
  return pattern.ends_with(".*") ? pattern.substr(0, pattern.size() - 1)
                                 : std::string_view();
}

inline bool is_asked_for(const log_query &query, std::string_view type,
                         timestamp stored_at) {
  if (query.since && stored_at < *query.since)
    return false;
  if (!query.type)
    return true;
  auto prefix = type_prefix(*query.type);
  return prefix.empty() ? type == *query.type : type.starts_with(prefix);
}

} // namespace sluice::db
