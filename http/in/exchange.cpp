#include "http/in/exchange.hpp"

#include <algorithm>

namespace sluice::http {

std::optional<std::string_view> request::header(std::string_view name) const {
  for (const auto &[key, value] : headers) {
    if (key == name) {
      return value;
    }
  }
  return std::nullopt;
}

int request::header_count(std::string_view name) const {
  return static_cast<int>(std::ranges::count_if(
      headers, [&](const auto &field) { return field.first == name; }));
}

} // namespace sluice::http
