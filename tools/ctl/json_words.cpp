#include "tools/ctl/json_words.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace sluice::tools {

json at(const json &from, std::string_view path) {
  const json *here = &from;
  while (!path.empty()) {
    const auto dot = std::min(path.find('.'), path.size());
    const std::string name(path.substr(0, dot));
    if (!here->is_object() || !here->contains(name))
      return nullptr;
    here = &(*here)[name];
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return *here;
}

std::string word(const json &value) {
  if (value.is_string())
    return value.get<std::string>();
  if (value.is_number_integer())
    return grouped(value.get<long>());
  if (value.is_number())
    return grouped(std::lround(value.get<double>()));
  if (value.is_boolean())
    return value.get<bool>() ? "yes" : "no";
  return "-";
}

std::string word(const json &from, std::string_view path) {
  return word(at(from, path));
}

std::string counted(const json &count, const std::string &one) {
  return word(count) + ' ' + one + (count == 1 ? "" : "s");
}

double number_at(const json &from, std::string_view path, double otherwise) {
  const auto value = at(from, path);
  return value.is_number() ? value.get<double>() : otherwise;
}

long count_at(const json &from, std::string_view path) {
  const auto value = at(from, path);
  return value.is_number_integer() ? value.get<long>() : 0;
}

std::optional<double> epoch_seconds_at(const json &from,
                                       std::string_view path) {
  const auto text = word(from, path);
  std::tm parts{};
  double second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%lfZ", &parts.tm_year,
                  &parts.tm_mon, &parts.tm_mday, &parts.tm_hour, &parts.tm_min,
                  &second) != 6)
    return std::nullopt;
  constexpr int first_year = 1900;
  parts.tm_year -= first_year;
  parts.tm_mon -= 1;
  return static_cast<double>(::timegm(&parts)) + second;
}

bool is_true(const json &from, std::string_view path) {
  const auto value = at(from, path);
  return value.is_boolean() && value.get<bool>();
}

const json &list_of(const json &from, const char *name) {
  static const json nothing = json::array();
  const bool is_there =
      from.is_object() && from.contains(name) && from[name].is_array();
  return is_there ? from[name] : nothing;
}

json list_at(const json &from, std::string_view path) {
  auto found = at(from, path);
  return found.is_array() ? found : json::array();
}

tint tint_of(std::string_view level) {
  if (level == "ok" || level == "normal")
    return tint::good;
  if (level == "warning")
    return tint::warning;
  return tint::bad;
}

std::string ledger_word(const json &balanced) {
  if (!balanced.is_boolean())
    return "not checked yet";
  return balanced.get<bool>() ? "balanced" : "does not balance";
}

} // namespace sluice::tools
