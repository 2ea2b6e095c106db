#include "http/in/store_trouble.hpp"

namespace sluice::http {

namespace {

/// In SQLite's words or PostgreSQL's, with its SQLSTATE where it has one.
struct trouble_sign {
  std::string_view text;
  store_trouble means;
};

constexpr trouble_sign signs[] = {
    {"SQLSTATE 25006", store_trouble::read_only},
    {"read-only", store_trouble::read_only},
    {"readonly", store_trouble::read_only},
    {"SQLSTATE 53100", store_trouble::full},
    {"No space left", store_trouble::full},
    {"disk is full", store_trouble::full},
    {"SQLSTATE 55P03", store_trouble::locked},
    {"is locked", store_trouble::locked},
    {"SQLSTATE 58030", store_trouble::failing},
    {"I/O error", store_trouble::failing},
    {"could not be synced", store_trouble::failing},
};

constexpr std::string_view of_changes = "can't be written";

} // namespace

store_trouble trouble_in(std::string_view failure) {
  for (const auto &sign : signs)
    if (failure.find(sign.text) != std::string_view::npos)
      return sign.means;
  return store_trouble::unknown;
}

std::string_view to_words(store_trouble what) {
  switch (what) {
  case store_trouble::unknown:
    return {};
  case store_trouble::read_only:
    return "the database is read-only";
  case store_trouble::locked:
    return "another program holds its lock";
  case store_trouble::full:
    return "the disk is full";
  case store_trouble::failing:
    return "the disk fails";
  }
  return {};
}

bool is_of_changes(std::string_view failure) {
  return failure.starts_with(of_changes);
}

std::string public_words(std::string_view failure) {
  std::string out(is_of_changes(failure) ? of_changes : "can't be reached");
  if (const auto words = to_words(trouble_in(failure)); !words.empty())
    out.append(": ").append(words);
  return out;
}

} // namespace sluice::http
