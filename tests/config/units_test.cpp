#include <limits>
#include <utility>

#include <catch2/catch.hpp>

#include "config/units.hpp"

namespace sluice::tests {

using namespace config;

TEST_CASE("durations are read with each unit") {
  CHECK(parse_duration("100ms") == 100);
  CHECK(parse_duration("2s") == 2'000);
  CHECK(parse_duration("5m") == 300'000);
  CHECK(parse_duration("24h") == 86'400'000);
  CHECK(parse_duration("30d") == 2'592'000'000);
  CHECK(parse_duration("0s") == 0);
}

TEST_CASE("a duration without its unit is refused with what to write") {
  auto refused = parse_duration("100");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error() ==
        "a duration needs its unit: write \"100ms\" or \"100s\"");
}

TEST_CASE("what is no duration is refused") {
  for (auto text : {"", "s", "ms", "1.5s", "1h30m", "2 s", " 2s", "2s ", "2S",
                    "2sec", "+2s", "0x10s", "1e3ms", "-", "two", "2\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
  CHECK(parse_duration("-2s").error() == "\"-2s\" is negative");
  CHECK(parse_duration("9223372036854775807d").error() ==
        "\"9223372036854775807d\" is too large");
  CHECK(parse_duration("99999999999999999999s").error() ==
        "\"99999999999999999999s\" is too large");
}

TEST_CASE("sizes are read in bytes or with a unit") {
  CHECK(parse_size("4096") == 4096);
  CHECK(parse_size("256KiB") == 262'144);
  CHECK(parse_size("1MiB") == 1'048'576);
  CHECK(parse_size("2GiB") == 2'147'483'648);
}

TEST_CASE("what is no size is refused") {
  for (auto text : {"", "KiB", "1KB", "1k", "1.5MiB", "1 MiB", "-1",
                    "9223372036854775807GiB", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text).has_value());
  }
}

TEST_CASE("whole numbers are read to their limits") {
  CHECK(parse_integer("0") == 0);
  CHECK(parse_integer("-5") == -5);
  CHECK(parse_integer("9223372036854775807") ==
        std::numeric_limits<std::int64_t>::max());
  for (auto text : {"", "-", "--1", "+1", "1.0", "0x10", "1_000", " 1", "1 ",
                    "one", "9223372036854775808"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_integer(text).has_value());
  }
}

TEST_CASE("numbers are written with the largest unit that fits") {
  CHECK(format_duration(0) == "0s");
  CHECK(format_duration(1) == "1ms");
  CHECK(format_duration(1'500) == "1500ms");
  CHECK(format_duration(90'000) == "90s");
  CHECK(format_duration(86'400'000) == "24h");
  CHECK(format_duration(172'800'000) == "2d");
  CHECK(format_size(1'000) == "1000");
  CHECK(format_size(262'144) == "256KiB");
}

TEST_CASE("what is written is read back as the same") {
  for (std::int64_t number :
       {1L, 999L, 1'000L, 61'000L, 3'600'000L, 86'400'000L, 1'048'576L,
        31'536'000'000L, std::numeric_limits<long>::max()}) {
    CAPTURE(number);
    CHECK(parse_duration(format_duration(number)) == number);
    CHECK(parse_size(format_size(number)) == number);
  }
}

} // namespace sluice::tests
