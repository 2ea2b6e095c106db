#pragma once

#include <span>

#include "db/sqlite/connection.hpp"

namespace sluice::db::sqlite {

/// One step of the schema. Never edited after a release.
struct migration {
  int version;
  const char *sql;
  /// What SQL can't say, in the same transaction after `sql`; may be null.
  void (*finish)(connection &database, timestamp now);
};

/// All steps, in order, numbered from 1 without gaps.
std::span<const migration> migrations();

/// The version that this program works with.
int known_version();

} // namespace sluice::db::sqlite
