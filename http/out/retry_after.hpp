#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "db/model/time.hpp"

namespace sluice::http {

/// What the value of a `Retry-After` asks for: seconds, or the time until an
/// HTTP-date (none when it is over). A day at the most. Nothing for all else.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      db::timestamp now);

} // namespace sluice::http
