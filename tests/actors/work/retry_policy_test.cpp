#include "actors/work/retry_policy.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using sluice::actors::retry_policy;

TEST_CASE("waits double from failure to failure") {
  retry_policy policy{.max_attempts = 5, .first_wait = 1s};
  CHECK(policy.wait_after(1) == 1s);
  CHECK(policy.wait_after(2) == 2s);
  CHECK(policy.wait_after(4) == 8s);
}

TEST_CASE("the last attempt leads to quarantine") {
  retry_policy policy{.max_attempts = 5, .first_wait = 1s};
  CHECK_FALSE(policy.wait_after(5));
  CHECK_FALSE(policy.wait_after(6));
}

TEST_CASE("no wait is longer than an hour") {
  retry_policy policy{.max_attempts = 1000, .first_wait = 10s};
  CHECK(policy.wait_after(999) == 1h);
}
