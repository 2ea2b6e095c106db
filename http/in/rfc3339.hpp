#pragma once

#include <optional>
#include <string_view>

#include "db/model/time.hpp"

namespace sluice::http {

/// Reads a time of RFC 3339: `2026-01-31T12:00:00Z`, with or without a
/// fraction of 1 to 9 digits (what is finer than a microsecond is cut off),
/// with `Z` or an offset. Nothing for all else: other separators, days that a
/// month does not have, leap seconds, and times that are not within 1970 to
/// 9999 in UTC.
std::optional<db::timestamp> parse_rfc3339(std::string_view text);

} // namespace sluice::http
