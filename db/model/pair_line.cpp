#include "db/model/pair_line.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::db {

void add_pair(std::string &line, std::string_view name,
              std::string_view value) {
  if (!line.empty())
    line += ' ';
  line.append(name).append(1, '=').append(value);
}

void add_pair(std::string &line, std::string_view name, std::int64_t value) {
  add_pair(line, name, std::string_view(std::to_string(value)));
}

std::optional<std::int64_t> find_pair(std::string_view line,
                                      std::string_view name) {
  while (!line.empty()) {
    auto end = std::min(line.find(' '), line.size());
    auto pair = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    auto equals = pair.find('=');
    if (pair.substr(0, equals) == name && equals != std::string_view::npos)
      return read_number(pair.substr(equals + 1));
  }
  return std::nullopt;
}

std::optional<std::int64_t> read_number(std::string_view text) {
  std::int64_t value = 0;
  auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}

} // namespace sluice::db
