#include <string>

#include <catch2/catch.hpp>

#include "config/describe.hpp"
#include "config/nearest.hpp"

namespace sluice::tests {

using namespace config;

TEST_CASE("distance counts insertions, removals, replacements and swaps") {
  CHECK(distance("", "") == 0);
  CHECK(distance("", "abc") == 3);
  CHECK(distance("abc", "") == 3);
  CHECK(distance("listen", "listen") == 0);
  CHECK(distance("listen", "lisen") == 1);
  CHECK(distance("listen", "lisXen") == 1);
  CHECK(distance("listen", "lisetn") == 1);
  CHECK(distance("kitten", "sitting") == 3);
}

TEST_CASE("a slip of the pen finds the key that was meant") {
  CHECK(nearest_key("processor.max_concurency") == "processor.max_concurrency");
  CHECK(nearest_key("procesor.batch_size") == "processor.batch_size");
  CHECK(nearest_key("HTTP.Listen") == "http.listen");
  CHECK(nearest_key("http.max-payload") == "http.max_payload");
  CHECK(nearest_key("\"http.listen\"") == "http.listen");
}

TEST_CASE("a name without its section, or in another, finds its key") {
  CHECK(nearest_key("batch_size") == "processor.batch_size");
  CHECK(nearest_key("http.max_batch") == "ingest.max_batch");
  CHECK(nearest_key("processing.max_attempts") == "processor.max_attempts");
}

TEST_CASE("what resembles nothing gets no suggestion") {
  CHECK(nearest_key("zzz.qqq").empty());
  CHECK(nearest_key("").empty());
  CHECK(nearest_key(std::string(100'000, 'a')).empty());
  CHECK(nearest_section("frobnication").empty());
  CHECK(nearest_variable("SLUICE_FROBNICATION").empty());
}

TEST_CASE("sections and variables are found too") {
  CHECK(nearest_section("procesor") == "processor");
  CHECK(nearest_section("logs") == "log");
  CHECK(nearest_variable("SLUICE_HTTP_LISTN") == "SLUICE_HTTP_LISTEN");
  CHECK(nearest_variable("SLUICE_CONFIGS") == "SLUICE_CONFIG");
}

TEST_CASE("every key with one letter missing or doubled is found again") {
  for (const auto &row : descriptions()) {
    std::string key(row.key);
    auto middle = key.rfind('.') + 2;
    auto missing = key;
    missing.erase(middle, 1);
    auto doubled = key;
    doubled.insert(middle, 1, key[middle]);
    CAPTURE(key);
    CHECK(nearest_key(missing) == key);
    CHECK(nearest_key(doubled) == key);
  }
}

} // namespace sluice::tests
