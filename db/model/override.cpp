#include "db/model/override.hpp"

namespace sluice::db {

namespace {

void add_word(std::string &line, std::string_view word) {
  if (!line.empty())
    line += ' ';
  line += word;
}

} // namespace

std::string keys_of(const override_change &change) {
  std::string line;
  for (const auto &one : change.set)
    add_word(line, one.key);
  for (const auto &key : change.unset)
    add_word(line, key);
  return line;
}

std::string describe(const override_change &change) {
  std::string line;
  for (const auto &[key, value] : change.set)
    add_word(line, std::string(key).append(1, '=').append(value));
  for (const auto &key : change.unset)
    add_word(line, "-" + key);
  return line;
}

} // namespace sluice::db
