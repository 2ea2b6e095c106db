#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Lines of `name=value` pairs: what `control` and `audit_log` hold, in text
/// that an operator can read. Values have no spaces.
namespace sluice::db {

void add_pair(std::string &line, std::string_view name, std::string_view value);
void add_pair(std::string &line, std::string_view name, std::int64_t value);

/// The number of that name; nothing when there is none.
std::optional<std::int64_t> find_pair(std::string_view line,
                                      std::string_view name);

/// The number that is all of the text.
std::optional<std::int64_t> read_number(std::string_view text);

} // namespace sluice::db
