#include <catch2/catch.hpp>

#include "tests/config/scratch.hpp"

namespace sluice::tests {

namespace {

std::string faults_with(std::vector<std::string> overrides) {
  auto from = no_sources();
  from.overrides = std::move(overrides);
  return joined(faults_of(from));
}

} // namespace

TEST_CASE("settings that contradict each other are refused") {
  CHECK(faults_with({"processor.min_poll_interval=3s"}) ==
        "--set: processor.min_poll_interval: is 3s, but has to be at most "
        "processor.max_poll_interval (2s, default)\n");
  CHECK(faults_with({"processor.max_poll_interval=40s"}) ==
        "--set: processor.max_poll_interval: is 40s, but has to be at most "
        "processor.idle_poll_interval (30s, default)\n");
  CHECK(faults_with({"processor.stuck_item_timeout=6s"}) ==
        "--set: processor.stuck_item_timeout: is 6s, but has to be more than "
        "1s above store.call_timeout (5s, default)\n");
  CHECK(faults_with({"delivery.timeout=4s"}) ==
        "--set: delivery.timeout: is 4s, but delivery.connect_timeout (5s, "
        "default) has to be at most that\n");
  CHECK(faults_with({"node.dead_after=4s"}) ==
        "--set: node.dead_after: is 4s, but has to be more than twice "
        "node.heartbeat_interval (2s, default)\n");
  CHECK(faults_with({"health.warning_depth=1001"}) ==
        "--set: health.warning_depth: is 1001, but has to be at most "
        "health.critical_depth (1000, default)\n");
  CHECK(faults_with({"store.connect_timeout=6s"}) ==
        "--set: store.connect_timeout: is 6s, but has to be at most "
        "store.call_timeout (5s, default)\n");
}

TEST_CASE("the edge of each rule is allowed") {
  CHECK(faults_with({"processor.min_poll_interval=30s",
                     "processor.max_poll_interval=30s"})
            .empty());
  CHECK(faults_with({"processor.stuck_item_timeout=6001ms"}).empty());
  CHECK(faults_with({"node.dead_after=4001ms"}).empty());
  CHECK(faults_with({"health.warning_depth=1000"}).empty());
  CHECK(faults_with({"store.connect_timeout=5s"}).empty());
}

TEST_CASE("the fault goes to the one that was changed last") {
  CHECK(faults_with({"node.heartbeat_interval=5s"}) ==
        "--set: node.heartbeat_interval: is 5s, but node.dead_after (10s, "
        "default) has to be more than twice that\n");
  scratch_folder folder;
  auto from = no_sources();
  from.file = folder.write("f.toml", "[health]\nwarning_depth = 500\n");
  from.environment = {"SLUICE_HEALTH_CRITICAL_DEPTH=50"};
  CHECK(joined(faults_of(from)) ==
        "SLUICE_HEALTH_CRITICAL_DEPTH: health.critical_depth: is 50, but "
        "health.warning_depth (500, f.toml:2) has to be at most that\n");
}

TEST_CASE("contradictions come together, but not on top of other faults") {
  CHECK(
      faults_with({"processor.min_poll_interval=1m",
                   "processor.max_poll_interval=40s", "node.dead_after=1s"}) ==
      "--set: processor.min_poll_interval: is 1m, but has to be at most "
      "processor.max_poll_interval (40s, --set)\n"
      "--set: processor.max_poll_interval: is 40s, but has to be at most "
      "processor.idle_poll_interval (30s, default)\n"
      "--set: node.dead_after: is 1s, but has to be more than twice "
      "node.heartbeat_interval (2s, default)\n");
  CHECK(faults_with({"processor.min_poll_interval=3s",
                     "processor.max_poll_interval=oops"}) ==
        "--set: processor.max_poll_interval: \"oops\" is not a duration: write "
        "a whole number and ms, s, m, h or d, as in \"100ms\" or \"5m\"\n");
}

TEST_CASE("with an unreadable file no contradiction is guessed") {
  auto from = no_sources();
  from.file = "/nonexistent/f.toml";
  from.overrides = {"processor.min_poll_interval=3s"};
  CHECK(faults_of(from).size() == 1);
}

} // namespace sluice::tests
