#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace sluice::config {

/// A number, or why the text is none, to be put behind "processor.x: ".
using parsed_number = tl::expected<std::int64_t, std::string>;

/// `250`; decimal digits, with a sign or without.
parsed_number parse_integer(std::string_view text);

/// Milliseconds, from `100ms`, `2s`, `5m`, `24h` or `30d`. A number without
/// its unit is refused.
parsed_number parse_duration(std::string_view text);

/// Bytes, from `4096`, `256KiB`, `1MiB` or `2GiB`.
parsed_number parse_size(std::string_view text);

/// The shortest text that `parse_duration` reads as `milliseconds`; whole
/// days from two on, so that a day is `24h`.
std::string format_duration(std::int64_t milliseconds);

/// The shortest text that `parse_size` reads as `bytes`.
std::string format_size(std::int64_t bytes);

} // namespace sluice::config
