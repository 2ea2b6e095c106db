#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "tools/ctl/text.hpp"

/// What answers of the service say, member by member, whatever is missing in
/// them. Pure.
namespace sluice::tools {

using json = nlohmann::ordered_json;

/// What stands at `path` (`a.b`); null when nothing does.
json at(const json &from, std::string_view path);

/// As a word: strings as they are (to be escaped yet), numbers in groups, `-`
/// for what is no word.
std::string word(const json &value);
std::string word(const json &from, std::string_view path);

/// `1 fault`, `2 faults`.
std::string counted(const json &count, const std::string &one);

/// The number there; `otherwise` when there is none.
double number_at(const json &from, std::string_view path, double otherwise = 0);

/// The whole number there; 0 when there is none.
long count_at(const json &from, std::string_view path);

/// Seconds since the epoch, of a time as the service writes it.
std::optional<double> epoch_seconds_at(const json &from, std::string_view path);

bool is_true(const json &from, std::string_view path);

/// Empty when there is none.
const json &list_of(const json &from, const char *name);

/// The list at `path`; an empty one when there is none.
json list_at(const json &from, std::string_view path);

/// How a level or a status is shown.
tint tint_of(std::string_view level);

/// `balanced` of the health, as a word.
std::string ledger_word(const json &balanced);

} // namespace sluice::tools
