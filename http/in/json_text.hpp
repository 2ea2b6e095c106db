#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Small pure functions over the text of JSON, for bytes that a
/// `json_scanner` has accepted.
namespace sluice::http {

/// Passes over characters of a JSON string that need no second look: ASCII
/// without control characters, quotes and backslashes. Stops at `end`.
const char *skip_plain_text(const char *at, const char *end);

/// Length in bytes of the UTF-8 sequence that begins at `at` (Unicode, table
/// 3-7: no overlong forms, no surrogates, nothing above U+10FFFF); 0 when
/// there is none. `at` is before `end`.
std::size_t utf8_length(const char *at, const char *end);

/// What the inside of a JSON string (without its quotes) stands for.
std::string json_unescape(std::string_view inside);

/// True when the UTF-8 in `text` has no control character: none of C0, DEL
/// and C1.
bool is_printable(std::string_view text);

/// `name` as a segment of a JSON pointer (RFC 6901), cut to 100 bytes or so,
/// with its leading slash.
std::string pointer_to(std::string_view name);

} // namespace sluice::http
