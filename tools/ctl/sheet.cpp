#include "tools/ctl/sheet.hpp"

#include <algorithm>
#include <cmath>

#include "tools/ctl/text.hpp"

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

long number_at(const json &from, std::string_view path) {
  const auto value = at(from, path);
  return value.is_number_integer() ? value.get<long>() : 0;
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

} // namespace sluice::tools
