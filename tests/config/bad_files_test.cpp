#include <string>

#include <catch2/catch.hpp>

#include "tests/config/scratch.hpp"

namespace sluice::tests {

namespace {

struct bad_file {
  std::string_view content;
  /// All faults, each with its end of line.
  std::string_view faults;
};

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int count = 0; count < times; ++count)
    out += text;
  return out;
}

} // namespace

TEST_CASE("wrong types are named with what is wanted") {
  auto [content, faults] = GENERATE(values<bad_file>({
      {"[store]\nreaders = \"2\"",
       "f.toml:2: store.readers: has to be a whole number, not text in "
       "quotes\n"},
      {"store.readers = 2.0", "f.toml:1: store.readers: has to be a whole "
                              "number, not a number with a fraction\n"},
      {"store.readers = true",
       "f.toml:1: store.readers: has to be a whole number, not true or "
       "false\n"},
      {"store.readers = 2020-01-01",
       "f.toml:1: store.readers: has to be a whole number, not a date or a "
       "time\n"},
      {"store.readers = [2]",
       "f.toml:1: store.readers: has to be a whole number, not a list\n"},
      {"store.readers = inf", "f.toml:1: store.readers: has to be a whole "
                              "number, not a number with a fraction\n"},
      {"[store.readers]\na = 1",
       "f.toml:1: store.readers: has to be a whole number, not a section\n"},
      {"http.listen = 4000",
       "f.toml:1: http.listen: has to be text in quotes, not a number\n"},
      {"http.listen = [\"a:1\"]",
       "f.toml:1: http.listen: has to be text in quotes, not a list\n"},
      {"log.level = true",
       "f.toml:1: log.level: has to be text in quotes, not true or false\n"},
      {"shutdown.grace = 25", "f.toml:1: shutdown.grace: a duration needs its "
                              "unit: write \"25ms\" or \"25s\"\n"},
      {"shutdown.grace = \"25\"", "f.toml:1: shutdown.grace: a duration needs "
                                  "its unit: write \"25ms\" or \"25s\"\n"},
      {"shutdown.grace = -25",
       "f.toml:1: shutdown.grace: has to be a duration in quotes, as in "
       "\"100ms\", not a number\n"},
      {"shutdown.grace = 1.5",
       "f.toml:1: shutdown.grace: has to be a duration in quotes, as in "
       "\"100ms\", not a number with a fraction\n"},
      {"http.max_payload = 1e6",
       "f.toml:1: http.max_payload: has to be a number of bytes, or a size in "
       "quotes, as in \"256KiB\", not a number with a fraction\n"},
  }));
  CAPTURE(content);
  CHECK(joined(faults_of_file(content)) == faults);
}

TEST_CASE("values out of range are named with the range") {
  auto [content, faults] = GENERATE(values<bad_file>({
      {"[store]\nreaders = 65",
       "f.toml:2: store.readers: has to be from 1 to 64, not 65\n"},
      {"store.readers = -1",
       "f.toml:1: store.readers: has to be from 1 to 64, not -1\n"},
      {"store.readers = 9223372036854775807",
       "f.toml:1: store.readers: has to be from 1 to 64, not "
       "9223372036854775807\n"},
      {"http.max_payload = -5",
       "f.toml:1: http.max_payload: has to be from 1KiB to 16MiB, not -5\n"},
      {"http.max_payload = \"1GiB\"",
       "f.toml:1: http.max_payload: has to be from 1KiB to 16MiB, not 1GiB\n"},
      {"shutdown.grace = \"1d\"",
       "f.toml:1: shutdown.grace: has to be from 0s to 10m, not 24h\n"},
      {"dedup.window = \"1500ms\"",
       "f.toml:1: dedup.window: has to be a multiple of 1s, not 1500ms\n"},
      {"log.level = \"verbose\"",
       "f.toml:1: log.level: has to be debug, info, warning or error, not "
       "\"verbose\"\n"},
      {"log.level = \"INFO\"", "f.toml:1: log.level: has to be debug, info, "
                               "warning or error, not \"INFO\"\n"},
      {"log.level = \"a\\nb\\u001b\"",
       "f.toml:1: log.level: has to be debug, info, warning or error, not "
       "\"a\\x0ab\\x1b\"\n"},
      {"auth.open_signup = \"\"", "f.toml:1: auth.open_signup: is empty; to "
                                  "have its default, leave it out\n"},
      {"http.listen = \"localhost\"",
       "f.toml:1: http.listen: needs a host and a port, as in "
       "127.0.0.1:4000\n"},
      {"http.listen = \"::1:80\"",
       "f.toml:1: http.listen: an IPv6 address needs brackets, as in "
       "[::1]:4000\n"},
      {"store.url = \"mysql://h/db\"",
       "f.toml:1: store.url: has to begin with sqlite: or postgresql://\n"},
  }));
  CAPTURE(content);
  CHECK(joined(faults_of_file(content)) == faults);
}

TEST_CASE("unknown keys and sections get the nearest one") {
  auto [content, faults] = GENERATE(values<bad_file>({
      {"[processor]\nmax_concurency = 4",
       "f.toml:2: processor.max_concurency: unknown setting; did you mean "
       "processor.max_concurrency?\n"},
      {"max_batch = 4", "f.toml:1: max_batch: unknown setting; did you mean "
                        "ingest.max_batch?\n"},
      {"[procesor]\na = 1\nb = 2",
       "f.toml:1: procesor: unknown section; did you mean processor?\n"},
      {"[[procesor]]\na = 1",
       "f.toml:1: procesor: unknown section; did you mean processor?\n"},
      {"[http.tls]\ncert = \"a\"", "f.toml:1: http.tls: unknown section\n"},
      {"http = 4000", "f.toml:1: http: has to be a section, as in [http]\n"},
      {"[[http]]\nlisten = \"a:1\"",
       "f.toml:1: http: has to be a section, as in [http]\n"},
      {"\"http.listen\" = \"a:1\"",
       "f.toml:1: \"http.listen\": unknown setting; did you mean "
       "http.listen?\n"},
      {"[http]\n\"\" = 1\n\"a\\nb\" = 2",
       "f.toml:2: http.\"\": unknown setting\n"
       "f.toml:3: http.a\\x0ab: unknown setting\n"},
      {"store.readers.count = 2",
       "f.toml:1: store.readers: has to be a whole number, not a section\n"},
  }));
  CAPTURE(content);
  CHECK(joined(faults_of_file(content)) == faults);
}

TEST_CASE("what is not TOML is named with its line and column") {
  auto [content, place] = GENERATE(values<bad_file>({
      {"a", "f.toml:1:2: not TOML: "},
      {"= 1", "f.toml:1:1: not TOML: "},
      {"[http", "f.toml:1:6: not TOML: "},
      {"[http]]", "f.toml:1:7: not TOML: "},
      {"\n\n[http]\nlisten = ", "f.toml:4:"},
      {"[http]\nlisten = unquoted:80", "f.toml:2:10: not TOML: "},
      {"[http]\nlisten = \"a:1", "f.toml:2:"},
      {"[http]\nlisten = \"a:1\" \"b\"", "f.toml:2:16: not TOML: "},
      {"shutdown.grace = 25s", "f.toml:1:"},
      {"store.readers = 02", "f.toml:1:"},
      {"store.readers = 1 store.url = 2", "f.toml:1:19: not TOML: "},
      {"store.readers = 99999999999999999999",
       "f.toml:1:37: not TOML: a number needs more than 64 bits"},
      {"log.level = \"a\\q\"", "f.toml:1:"},
      {"log.level = \"a\x01\"", "f.toml:1:15: not TOML: "},
      {"listen: a\n", "f.toml:1:7: not TOML: "},
      {"{\"http\": {}}", "f.toml:1:1: not TOML: "},
  }));
  CAPTURE(content);
  auto all = faults_of_file(content);
  REQUIRE(all.size() == 1);
  CHECK_THAT(all.front(), Catch::StartsWith(std::string(place)));
}

TEST_CASE("a key or section that stands twice is refused with its line") {
  for (auto content : {"[http]\nlisten = \"a:1\"\nlisten = \"b:2\"",
                       "[http]\n\n[http]\nlisten = \"b:2\"",
                       "[http]\nlisten = \"a:1\"\n[http.listen]\na = 1",
                       "log.level = \"info\"\n\nlog = {format = \"text\"}"}) {
    CAPTURE(content);
    auto all = faults_of_file(content);
    REQUIRE(all.size() == 1);
    CHECK_THAT(all.front(), Catch::StartsWith("f.toml:3:"));
    CHECK_THAT(all.front(), Catch::Contains("cannot redefine"));
  }
}

TEST_CASE("a file that is not UTF-8 is refused with its line") {
  CHECK(joined(faults_of_file("# ok\nlog.level = \"\xff\"")) ==
        "f.toml:2: is not UTF-8\n");
  CHECK(joined(faults_of_file("# caf\xe9")) == "f.toml:1: is not UTF-8\n");
  CHECK(joined(faults_of_file("\xff\xfe[\0h\0")) == "f.toml:1: is not UTF-8\n");
}

TEST_CASE("a file that nests without end is refused, and nothing overflows") {
  CHECK(joined(faults_of_file(repeated("a.", 500'000) + "a = 1")) ==
        "f.toml: has too many dotted keys\n");
  CHECK(faults_of_file("[" + repeated("a.", 500'000) + "a]").size() == 1);
  CHECK(faults_of_file(repeated("a.", 9'999) + "a = 1").size() == 1);
  CHECK(faults_of_file("a = " + repeated("[", 500'000)).size() == 1);
  CHECK(faults_of_file("a = " + repeated("{a=", 300'000)).size() == 1);
}

TEST_CASE("long keys and values are cut in the fault") {
  auto key = faults_of_file(std::string(500'000, 'k') + " = 1");
  REQUIRE(key.size() == 1);
  CHECK(key.front().size() < 300);
  auto value =
      faults_of_file("log.level = \"" + std::string(500'000, 'v') + "\"");
  REQUIRE(value.size() == 1);
  CHECK(value.front().size() < 300);
}

TEST_CASE("no fault shows a secret") {
  for (auto content :
       {"auth.admin_token = \"canary\"",
        "auth.admin_token = \"can ary canary\"", "auth.admin_token = canary",
        "auth.admin_token = \"canary", "auth.admin_token = '''canary",
        "auth.admin_token = true-canary", "auth.admin_token = 12canary",
        "auth.admin_token = [\"canary\"]", "auth.admin_token = \"\\qcanary\"",
        "auth.admin_token = 1979-05-27Tcanary",
        "auth.admin_token = {canary = 1}", "[auth.admin_token]\na = \"canary\"",
        "store.url = \"mysql://u:canary@h/db\"",
        "store.url = \"postgresql://u:canary@h\\u0001/db\"",
        "auth.admin_tokn = \"canary\""}) {
    CAPTURE(content);
    auto all = faults_of_file(content);
    CHECK_FALSE(all.empty());
    CHECK(joined(all).find("canary") == std::string::npos);
  }
  CHECK(joined(faults_of_file("auth.admin_token = 31415926535897932384626"))
            .find("314") == std::string::npos);
  auto from = no_sources();
  from.environment = {"SLUICE_AUTH_ADMIN_TOKEN=canary",
                      "SLUICE_STORE_URL=canary",
                      "SLUICE_AUTH_ADMIN_TOKN=canary"};
  from.overrides = {"auth.admin_token=canary", "store.url=canary",
                    "auth.admin_token:CANARY", "auth.admin_tokn=canary"};
  auto all = faults_of(from);
  CHECK(all.size() == 7);
  CHECK(joined(all).find("canary") == std::string::npos);
  CHECK(joined(all).find("CANARY") == std::string::npos);
}

} // namespace sluice::tests
