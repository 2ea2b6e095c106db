#pragma once

#include <optional>
#include <string_view>

/// Pure functions over numbers that are well-formed JSON.
namespace sluice::http {

/// Whether a double can't hold the number. What is too small becomes zero,
/// for every reader alike, and is none of these.
bool is_beyond_double(std::string_view number);

/// The integer that the number spells with digits alone; nothing for
/// fractions, exponents, and what does not fit.
std::optional<long> json_integer(std::string_view number);

} // namespace sluice::http
