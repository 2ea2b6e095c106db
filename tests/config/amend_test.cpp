#include "config/amend.hpp"

#include <catch2/catch.hpp>

#include "tests/config/scratch.hpp"

namespace sluice::tests {

namespace {

using namespace std::chrono_literals;

std::string faults_of_change(const std::vector<std::string> &assignments) {
  auto done = config::amend({}, assignments);
  std::string out;
  for (const auto &one : done ? std::vector<config::fault>() : done.error())
    out += one.key + ": " + one.problem +
           (one.suggestion.empty() ? "" : " (" + one.suggestion + ")") + "\n";
  return out;
}

} // namespace

TEST_CASE("settings of a running service are changed together") {
  auto done = config::amend(
      {}, std::vector<std::string>{"processor.min_poll_interval=3s",
                                   "processor.max_poll_interval=4s",
                                   "processor.batch_size=1",
                                   "processor.batch_size=7"});
  REQUIRE(done);
  CHECK(done->processor.min_poll_interval == 3s);
  CHECK(done->processor.max_poll_interval == 4s);
  CHECK(done->processor.batch_size == 7);
  CHECK(done->processor.max_concurrency == 4);
}

TEST_CASE("what can't be changed is told, all at once") {
  CHECK(faults_of_change({"processor.batch_sizes=1", "http.listen=:1",
                          "processor.batch_size", "health.critical_depth=x"}) ==
        "processor.batch_sizes: unknown setting (processor.batch_size)\n"
        "http.listen: takes effect at a start only\n"
        "processor.batch_size: has no value; write key=value\n"
        "health.critical_depth: \"x\" is not a whole number\n");
  CHECK(faults_of_change({"processor.min_poll_interval=3s"}) ==
        "processor.min_poll_interval: is 3s, but has to be at most "
        "processor.max_poll_interval (2s)\n");
}

} // namespace sluice::tests
