#pragma once

#include <span>

namespace sluice::db::postgres {

struct migration {
  int version;
  const char *statements;
};

/// All migrations, oldest first; numbered as SQLite's. Never edited once
/// released.
std::span<const migration> migrations();

/// The version that this program works with.
int known_version();

} // namespace sluice::db::postgres
