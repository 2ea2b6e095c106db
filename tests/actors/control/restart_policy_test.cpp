#include "actors/control/restart_policy.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using sluice::actors::restart_limits;
using sluice::actors::restart_policy;

namespace {

const restart_policy::time_point first_crash{1000s};
const restart_limits limits{.max_restarts = 5,
                            .window = 60s,
                            .first_delay = 100ms,
                            .longest_delay = 10s};

} // namespace

TEST_CASE("restarts wait longer from crash to crash") {
  restart_policy policy(limits);
  auto nominal = 100ms;
  for (int crash = 0; crash < 5; ++crash, nominal *= 2) {
    auto wait = policy.on_crash(first_crash);
    REQUIRE(wait);
    CHECK(*wait <= nominal);
    CHECK(*wait >= nominal / 2);
  }
}

TEST_CASE("one crash too many within the window escalates") {
  restart_policy policy(limits);
  for (int crash = 0; crash < 5; ++crash)
    REQUIRE(policy.on_crash(first_crash + crash * 1s));
  CHECK_FALSE(policy.on_crash(first_crash + 6s));
}

TEST_CASE("crashes further apart than the window are borne for ever") {
  restart_policy policy(limits);
  for (int crash = 0; crash < 50; ++crash) {
    auto wait = policy.on_crash(first_crash + crash * 61s);
    REQUIRE(wait);
    CHECK(*wait <= 100ms);
  }
}
