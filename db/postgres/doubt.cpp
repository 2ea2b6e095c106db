#include "db/postgres/doubt.hpp"

#include <array>
#include <charconv>

namespace sluice::db::postgres {

namespace {

using question = doubt::question;

constexpr std::array<std::pair<question, std::string_view>, 9> names{{
    {question::accepted, "accepted"},
    {question::fence_left, "fence-left"},
    {question::fence_set, "fence-set"},
    {question::organization_there, "organization-there"},
    {question::key_there, "key-there"},
    {question::node_there, "node-there"},
    {question::node_gone, "node-gone"},
    {question::audited, "audited"},
    {question::repeatable, "repeatable"},
}};

constexpr std::array<std::pair<accept_outcome::kind, char>, 4> kinds{{
    {accept_outcome::kind::accepted, '+'},
    {accept_outcome::kind::created, '*'},
    {accept_outcome::kind::duplicate, '='},
    {accept_outcome::kind::mismatch, '!'},
}};

std::string_view next_word(std::string_view &text) {
  auto end = std::min(text.find(' '), text.size());
  auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

bool read_entry(std::string_view word, doubt &value) {
  for (const auto &[kind, mark] : kinds) {
    if (!word.starts_with(mark))
      continue;
    auto id = event_id::parse(word.substr(1));
    if (id)
      value.outcomes.push_back({kind, *id});
    return id.has_value();
  }
  auto id = event_id::parse(word);
  if (id)
    value.ids.push_back(*id);
  return id.has_value();
}

} // namespace

// One line of words: question, lock, row, owner, ids and outcomes.
std::string encode(const doubt &value) {
  std::string text;
  for (const auto &[what, name] : names)
    if (what == value.what)
      text = name;
  text.append(" ").append(std::to_string(value.lock)).append(" ");
  value.row.append_to(text);
  text += ' ';
  value.owner.append_to(text);
  for (const auto &id : value.ids) {
    text += ' ';
    id.value().append_to(text);
  }
  for (const auto &outcome : value.outcomes) {
    text += ' ';
    for (const auto &[kind, mark] : kinds)
      if (kind == outcome.what)
        text += mark;
    outcome.id.value().append_to(text);
  }
  return text;
}

std::optional<doubt> decode_doubt(std::string_view text) {
  doubt value;
  auto name = next_word(text);
  auto is_known = false;
  for (const auto &[what, known] : names) {
    if (known == name) {
      value.what = what;
      is_known = true;
    }
  }
  auto lock = next_word(text);
  auto read =
      std::from_chars(lock.data(), lock.data() + lock.size(), value.lock);
  auto row = uuid::parse(next_word(text));
  auto owner = uuid::parse(next_word(text));
  if (!is_known || read.ec != std::errc() ||
      read.ptr != lock.data() + lock.size() || !row || !owner)
    return std::nullopt;
  value.row = *row;
  value.owner = *owner;
  while (!text.empty())
    if (!read_entry(next_word(text), value))
      return std::nullopt;
  return value;
}

} // namespace sluice::db::postgres
