#pragma once

#include <span>

namespace sluice::db::sqlite {

/// One step of the schema. Never edited after a release.
struct migration {
  int version;
  const char *sql;
};

/// All steps, in order, numbered from 1 without gaps.
std::span<const migration> migrations();

/// The version that this program works with.
int known_version();

} // namespace sluice::db::sqlite
