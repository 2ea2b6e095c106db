#include "actors/control/health_levels.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::actors;
using enum sluice::actors::health_level;

namespace {

const config::health_settings depth_limits{.warning_depth = 100,
                                           .critical_depth = 1000};

/// The level after these depths, one after the other.
health_level after(std::initializer_list<long> depths) {
  auto level = normal;
  for (const auto pending : depths)
    level = queue_level(pending, depth_limits, level);
  return level;
}

bool is_growing(std::initializer_list<long> depths) {
  queue_trend trend;
  for (const auto pending : depths)
    trend.note(pending);
  return trend.is_growing();
}

} // namespace

TEST_CASE("a queue's level goes up as soon as its limit is passed") {
  CHECK(after({0}) == normal);
  CHECK(after({100}) == normal);
  CHECK(after({101}) == warning);
  CHECK(after({1000}) == warning);
  CHECK(after({1001}) == critical);
}

TEST_CASE("a queue's level goes down below nine tenths of its limit") {
  CHECK(after({101, 100}) == warning);
  CHECK(after({101, 90}) == warning);
  CHECK(after({101, 89}) == normal);
  CHECK(after({101, 89, 100}) == normal);
  CHECK(after({1001, 900}) == critical);
  CHECK(after({1001, 899}) == warning);
  CHECK(after({1001, 899, 1000}) == warning);
  CHECK(after({1001, 95}) == warning);
  CHECK(after({1001, 0}) == normal);
}

TEST_CASE("a queue with a limit of nothing is normal when it is empty") {
  const config::health_settings strict{.warning_depth = 0, .critical_depth = 1};
  CHECK(queue_level(1, strict, normal) == warning);
  CHECK(queue_level(0, strict, warning) == normal);
  CHECK(queue_level(0, strict, critical) == normal);
}

TEST_CASE("any stuck item is worth a warning") {
  CHECK(stuck_level(0) == normal);
  CHECK(stuck_level(1) == warning);
}

TEST_CASE("a queue grows when all late samples are above all early ones") {
  CHECK_FALSE(is_growing({1, 2, 3, 4, 5, 6, 7, 8, 9}));
  CHECK(is_growing({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  CHECK(is_growing({99, 3, 1, 0, 2, 1, 9, 7, 5, 8, 6}));
  CHECK_FALSE(is_growing({1, 2, 3, 4, 5, 6, 7, 5, 9, 10}));
  CHECK_FALSE(is_growing({5, 5, 5, 5, 5, 5, 5, 5, 5, 5}));
}

TEST_CASE("less stored than accepted is worth a warning in a growing queue") {
  CHECK(rate_level(100, 99, true, normal) == warning);
  CHECK(rate_level(100, 99, false, normal) == normal);
  CHECK(rate_level(100, 100, true, normal) == normal);
  CHECK(rate_level(100, 110, true, warning) == warning);
  CHECK(rate_level(100, 112, true, warning) == normal);
  CHECK(rate_level(100, 0, false, warning) == normal);
}
