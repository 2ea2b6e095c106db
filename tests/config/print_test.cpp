#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "config/describe.hpp"
#include "config/print.hpp"
#include "tests/config/scratch.hpp"

namespace sluice::tests {

using namespace config;

namespace {

/// Loads what `show` printed.
loaded load_again(const std::string &shown) {
  scratch_folder folder;
  auto from = no_sources();
  from.file = folder.write("shown.toml", shown);
  return load_good(from);
}

void check_same(const loaded &left, const loaded &right) {
  for (const auto &row : descriptions()) {
    CAPTURE(row.key);
    CHECK(row.get(left.values) == row.get(right.values));
  }
}

} // namespace

TEST_CASE("what show prints loads again to the same settings") {
  auto found = load_good(no_sources());
  check_same(load_again(show(found)), found);

  scratch_folder folder;
  auto from = no_sources();
  from.file = folder.write("a\nb # \"c.toml", "http.max_payload = 12345\n");
  from.environment = {"SLUICE_PROCESSOR_MIN_POLL_INTERVAL=7ms",
                      "SLUICE_DEDUP_WINDOW=90s", "SLUICE_AUTH_OPEN_SIGNUP=any"};
  from.overrides = {"store.url=sqlite:/a \"quoted\"\\path/j\xc3\xb6rg.db",
                    "node.name=n-1", "http.listen=[::1]:0"};
  found = load_good(from);
  check_same(load_again(show(found)), found);
}

TEST_CASE("every default written out loads again") {
  auto found = load_good(no_sources());
  for (const auto &row : descriptions()) {
    CAPTURE(row.key);
    if (row.least == row.greatest)
      continue;
    row.set(found.values, row.greatest);
  }
  found.values.health.warning_depth = 1;
  found.values.node.heartbeat_interval = std::chrono::seconds(1);
  check_same(load_again(show(found)), found);
}

TEST_CASE("show says where each value came from") {
  scratch_folder folder;
  auto from = no_sources();
  from.file = folder.write("f.toml", "\nlog.level = \"debug\"\n");
  from.environment = {"SLUICE_STORE_READERS=3"};
  from.overrides = {"ingest.max_batch=5"};
  auto text = show(load_good(from));
  auto line_of = [&](const std::string &begin) {
    auto at = text.find("\n" + begin);
    REQUIRE(at != std::string::npos);
    return text.substr(at + 1, text.find('\n', at + 1) - at - 1);
  };
  CHECK_THAT(line_of("log.level = \"debug\" "),
             Catch::EndsWith("  # " + from.file->string() + ":2"));
  CHECK_THAT(line_of("store.readers = 3 "),
             Catch::EndsWith("  # SLUICE_STORE_READERS"));
  CHECK_THAT(line_of("ingest.max_batch = 5 "), Catch::EndsWith("  # --set"));
  CHECK_THAT(line_of("log.format = \"text\" "), Catch::EndsWith("  # default"));
  CHECK_THAT(line_of("# node.name is not set: host name and HTTP port"),
             Catch::EndsWith("  # default"));
}

TEST_CASE("show hides secrets and still loads again") {
  auto from = no_sources();
  from.overrides = {"auth.admin_token=canary-canary-canary",
                    "store.url=postgresql://u:canary@h/db"};
  auto text = show(load_good(from));
  CHECK(text.find("canary") == std::string::npos);
  CHECK_THAT(text, Catch::Contains("\n# auth.admin_token = \"***\""));
  CHECK_THAT(text,
             Catch::Contains("\n# store.url = \"postgresql://u:***@h/db\""));
  auto again = load_again(text);
  CHECK(again.values.auth.admin_token.empty());
}

TEST_CASE("docs have a row for every setting") {
  auto text = docs();
  CHECK(text == docs());
  for (const auto &row : descriptions()) {
    CAPTURE(row.key);
    CHECK_THAT(text, Catch::Contains("\n| `" + std::string(row.key) + "` | "));
    CHECK_THAT(text, Catch::Contains(std::string(row.help)));
  }
}

TEST_CASE("docs/settings.md is what the program prints") {
  std::ifstream file(SLUICE_ROOT "/docs/settings.md", std::ios::binary);
  REQUIRE(file);
  std::string written(std::istreambuf_iterator<char>(file), {});
  INFO("write it anew: sluice config docs > docs/settings.md");
  bool is_current = written == docs();
  CHECK(is_current);
}

TEST_CASE("text for one line has no control characters and an end") {
  CHECK(one_line("plain") == "plain");
  CHECK(one_line("a\nb\x1b[31m\x7f") == "a\\x0ab\\x1b[31m\\x7f");
  CHECK(one_line("j\xc3\xb6rg") == "j\xc3\xb6rg");
  CHECK(one_line("\xc2\x9b").find('\x9b') == std::string::npos);
  CHECK(one_line("abcdef", 3) == "abc...");
}

} // namespace sluice::tests
