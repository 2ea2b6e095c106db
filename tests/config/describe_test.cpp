#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "config/describe.hpp"
#include "config/interpret.hpp"
#include "config/rules.hpp"

namespace sluice::tests {

using namespace config;

namespace {

/// A value that the setting may have and that is not its default.
value another(const description &row) {
  auto now = default_of(row);
  switch (row.type) {
  case value_type::integer:
  case value_type::duration:
  case value_type::size:
    return now == value(row.least) ? row.greatest : row.least;
  case value_type::choice:
    return std::string(now == value(std::string(row.choices.front()))
                           ? row.choices.back()
                           : row.choices.front());
  case value_type::address:
    return "host:1";
  case value_type::store_url:
    return "sqlite:other";
  case value_type::name:
    return "another";
  case value_type::secret:
    return "another-long-secret";
  case value_type::path:
    return "another/folder";
  case value_type::durations:
    return "1s 2m";
  case value_type::networks:
    return "10.0.0.0/8 fd00::/8";
  }
  return now;
}

} // namespace

TEST_CASE("each key is section.name, once, and its variable too") {
  std::set<std::string> keys;
  std::set<std::string> variables;
  for (const auto &row : descriptions()) {
    CAPTURE(row.key);
    CHECK(keys.insert(std::string(row.key)).second);
    CHECK(variables.insert(environment_name(row.key)).second);
    CHECK(row.key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_.") ==
          std::string_view::npos);
    CHECK(row.key.find('.') != std::string_view::npos);
    CHECK(find(row.key) == &row);
  }
  CHECK(environment_name("processor.max_concurrency") ==
        "SLUICE_PROCESSOR_MAX_CONCURRENCY");
}

TEST_CASE("the settings of a section stand together") {
  auto names = sections();
  CHECK(std::set<std::string_view>(names.begin(), names.end()).size() ==
        names.size());
  CHECK(is_section("http"));
  CHECK_FALSE(is_section("htt"));
  CHECK_FALSE(is_section("http.listen"));
  CHECK_FALSE(is_section(""));
  CHECK(find("http") == nullptr);
}

TEST_CASE("each default is one that could be set") {
  for (const auto &row : descriptions()) {
    CAPTURE(row.key);
    auto text = to_text(row, default_of(row));
    if (text.empty()) {
      CHECK_FALSE(row.when_unset.empty());
      continue;
    }
    auto read = interpret_text(row, text);
    REQUIRE(read.has_value());
    CHECK(*read == default_of(row));
  }
}

TEST_CASE("each row writes the field that it reads, and no other") {
  for (const auto &row : descriptions()) {
    CAPTURE(row.key);
    settings changed;
    row.set(changed, another(row));
    CHECK(row.get(changed) == another(row));
    CHECK(row.get(changed) != default_of(row));
    for (const auto &other : descriptions())
      if (&other != &row)
        CHECK(other.get(changed) == default_of(other));
  }
}

TEST_CASE("each row explains itself on one line") {
  for (const auto &row : descriptions()) {
    CAPTURE(row.key);
    CHECK_FALSE(row.help.empty());
    CHECK(row.help.find_first_of("|\n") == std::string_view::npos);
    CHECK((row.type == value_type::choice) == !row.choices.empty());
    CHECK(row.least <= row.greatest);
  }
}

TEST_CASE("the limits of each number fit its field") {
  for (const auto &row : descriptions()) {
    CAPTURE(row.key);
    if (!std::holds_alternative<std::int64_t>(default_of(row)))
      continue;
    for (auto limit : {row.least, row.greatest}) {
      settings changed;
      row.set(changed, limit);
      CHECK(row.get(changed) == value(limit));
    }
  }
}

TEST_CASE("the documented defaults hold") {
  settings defaults;
  CHECK(defaults.http.listen == "127.0.0.1:4000");
  CHECK(defaults.http.max_payload == 262'144);
  CHECK(defaults.store.url == "sqlite:data/sluice.db");
  CHECK(defaults.processor.max_concurrency == 4);
  CHECK(defaults.dedup.window == std::chrono::hours(24));
}

TEST_CASE("rules speak of known settings, and the defaults keep them") {
  for (const auto &rule : rules()) {
    CAPTURE(rule.left, rule.right);
    CHECK(find(rule.left) != nullptr);
    CHECK(find(rule.right) != nullptr);
    CHECK(rule.holds(settings{}));
  }
}

TEST_CASE("what may be off is off when nothing is said") {
  const auto *row = find("admin.listen");
  REQUIRE(row);
  CHECK(interpret_text(*row, "off") == value("off"));
  CHECK(interpret_text(*row, "") == value("off"));
  CHECK(interpret_text(*row, "[::1]:1") == value("[::1]:1"));
  CHECK_FALSE(interpret_text(*row, "on"));
  CHECK_FALSE(interpret_text(*find("http.listen"), "off"));
}

TEST_CASE("the certificates stand beside the SQLite file") {
  settings from;
  CHECK(admin_folder(from) == "data/admin");
  from.store.url = "sqlite:one.db";
  CHECK(admin_folder(from) == "admin");
  from.store.url = "sqlite:/var/lib/sluice/one.db";
  CHECK(admin_folder(from) == "/var/lib/sluice/admin");
  from.store.url = "postgresql://host/data";
  CHECK(admin_folder(from) == "data/admin");
  from.admin.folder = "elsewhere";
  CHECK(admin_folder(from) == "elsewhere");
}

} // namespace sluice::tests
