#include "config/merge.hpp"

#include <catch2/catch.hpp>

#include "tests/config/scratch.hpp"

namespace sluice::tests {

namespace {

using namespace std::chrono_literals;

std::string lines_of(const std::vector<config::fault> &faults) {
  std::string out;
  for (const auto &one : faults)
    out += config::to_string(one) + "\n";
  return out;
}

/// What holds with these overrides, and nothing in any other source.
config::merged with(const std::vector<config::override_value> &overrides) {
  auto done = config::merge({}, {}, overrides);
  REQUIRE(done);
  return *done;
}

} // namespace

TEST_CASE("overrides stand above all other sources") {
  auto from = no_sources();
  from.overrides = {"processor.batch_size=5", "processor.max_attempts=6"};
  auto done = config::merge({}, load_good(from),
                            std::vector<config::override_value>{
                                {"processor.batch_size", "7"},
                                {"processor.min_poll_interval", "3s"},
                                {"processor.max_poll_interval", "4s"}});
  REQUIRE(done);
  CHECK(done->values.processor.batch_size == 7);
  CHECK(done->values.processor.max_attempts == 6);
  CHECK(done->values.processor.min_poll_interval == 3s);
  CHECK(done->skipped.empty());
  CHECK(config::to_string(done->origin_of("processor.batch_size")) ==
        "override");
  CHECK(config::to_string(done->origin_of("processor.max_attempts")) ==
        "--set");
  CHECK(config::to_string(done->origin_of("processor.yield_share")) ==
        "default");
}

TEST_CASE("an override that can't hold is skipped, with the reason") {
  auto done = with({{"processor.batch_sizes", "1"},
                    {"http.listen", "127.0.0.1:1"},
                    {"auth.admin_token", "0123456789abcdef"},
                    {"health.critical_depth", "x"},
                    {"processor.batch_size", "7"}});
  CHECK(lines_of(done.skipped) ==
        "override: processor.batch_sizes: unknown setting; did you mean "
        "processor.batch_size?\n"
        "override: http.listen: takes effect at a start only\n"
        "override: auth.admin_token: is a secret, and overrides are kept in "
        "the database; change it in the file\n"
        "override: health.critical_depth: \"x\" is not a whole number\n");
  CHECK(done.values.processor.batch_size == 7);
  CHECK(done.values.http.listen == "127.0.0.1:4000");
}

TEST_CASE("overrides that contradict the rest are skipped, not the others") {
  auto done = with({{"processor.min_poll_interval", "3s"},
                    {"health.critical_depth", "50"},
                    {"processor.batch_size", "7"}});
  CHECK(lines_of(done.skipped) ==
        "override: processor.min_poll_interval: is 3s, but has to be at most "
        "processor.max_poll_interval (2s)\n"
        "override: health.critical_depth: does not fit: health.warning_depth "
        "is 100, but has to be at most health.critical_depth (50)\n");
  CHECK(done.values.processor.min_poll_interval == 100ms);
  CHECK(done.values.health.critical_depth == 1000);
  CHECK(done.values.processor.batch_size == 7);
}

TEST_CASE("what only a start changes waits for it") {
  auto from = no_sources();
  from.overrides = {"http.listen=127.0.0.1:1", "processor.batch_size=5",
                    "store.readers=2"};
  auto done = config::merge({}, load_good(from), {});
  REQUIRE(done);
  CHECK(done->values.http.listen == "127.0.0.1:4000");
  CHECK(done->values.processor.batch_size == 5);
  CHECK(done->waiting == std::vector<std::string>{"http.listen"});
}

TEST_CASE("what is fine for a start may not be so before it") {
  auto from = no_sources();
  from.overrides = {"store.call_timeout=1s", "store.connect_timeout=1s",
                    "processor.stuck_item_timeout=3s"};
  auto done = config::merge({}, load_good(from), {});
  REQUIRE(!done);
  CHECK(lines_of(done.error()) ==
        "--set: processor.stuck_item_timeout: is 3s, but has to be more than "
        "1s above store.call_timeout (5s until a restart)\n");
}

TEST_CASE("what can be overridden is told beforehand") {
  CHECK(config::check_override("processor.batch_size", "7").empty());
  CHECK(config::check_override("processor.batch_size", "0") ==
        "has to be from 1 to 10000, not 0");
  CHECK(config::check_override("procesor.batch_size", "0") ==
        "unknown setting; did you mean processor.batch_size?");
}

} // namespace sluice::tests
