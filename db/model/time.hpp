#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace sluice::db {

/// UTC with microseconds: what both stores keep.
using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// Where a store takes "now" from. Empty in production: SQLite then asks the
/// system clock, PostgreSQL its own clock, which all nodes share. Tests pass
/// a clock that they move. Called from the thread that owns the session.
using clock_source = std::function<timestamp()>;

/// The system clock, truncated to microseconds.
timestamp system_now();

/// RFC 3339 in UTC with six decimals: `2026-01-31T12:00:00.000001Z`.
std::string to_rfc3339(timestamp at);

} // namespace sluice::db
