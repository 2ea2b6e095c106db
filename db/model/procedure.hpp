#pragma once

#include <cstdint>
#include <string>

#include "db/model/ids.hpp"
#include "db/model/time.hpp"

namespace sluice::db {

using procedure_id = strong_id<struct procedure_tag>;

/// Work of many steps that an operator began, such as a rollback or a drill,
/// and how far it came: what survives a crash of whoever carries it out.
struct procedure {
  procedure_id id;
  /// What sort of work; of each kind one is open at the most.
  std::string kind;
  /// Whether it is not over: under way, or left by whoever was at it.
  bool is_open = true;
  /// Grows by one each time it is saved.
  std::int64_t version = 0;
  /// What its steps have come to; JSON, which the store does not look into.
  std::string document;
  timestamp begun_at{};
  timestamp changed_at{};
};

/// What `audit_log` keeps of a step. Lines; an empty `detail`: nothing.
struct procedure_note {
  std::string actor;
  std::string reason;
  std::string detail;
};

} // namespace sluice::db
