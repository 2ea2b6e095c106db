#include "actors/control/depth_pacer.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice;
using sluice::actors::depth_pacer;

namespace {

constexpr long greatest = 100'001;
const depth_pacer::time_point began{1000s};

db::queue_depth counted(long pending, bool is_exact) {
  return {.pending = pending,
          .processing = 7,
          .exact = is_exact,
          .oldest_pending = {}};
}

} // namespace

TEST_CASE("a queue is counted to its end for a twentieth of the time") {
  depth_pacer pacer;
  CHECK(pacer.limit(greatest, began) == greatest);
  pacer.note(counted(90'000, true), greatest, began, began + 100ms);
  CHECK(pacer.limit(greatest, began + 2s) == 10'000);
  CHECK(pacer.limit(greatest, began + 2100ms) == greatest);
}

TEST_CASE("what is not counted to its end is as it was") {
  depth_pacer pacer;
  pacer.note(counted(90'000, true), greatest, began, began + 100ms);
  const auto seen = pacer.note({.pending = 10'000,
                                .processing = 8,
                                .stuck = 2,
                                .exact = false,
                                .oldest_pending = {}},
                               10'000, began + 1s, began + 1001ms);
  CHECK(seen.depth.pending == 90'000);
  CHECK(seen.depth.processing == 8);
  CHECK(seen.depth.stuck == 2);
  CHECK(seen.depth.exact);
  CHECK_FALSE(seen.is_fresh);
}

TEST_CASE("a queue that has become short is known at once") {
  depth_pacer pacer;
  pacer.note(counted(90'000, true), greatest, began, began + 100ms);
  const auto seen =
      pacer.note(counted(9'000, true), 10'000, began + 1s, began + 1001ms);
  CHECK(seen.depth.pending == 9'000);
  CHECK(seen.is_fresh);
}

TEST_CASE("a queue that has become long is so long at least") {
  depth_pacer pacer;
  pacer.note(counted(9'000, true), greatest, began, began + 100ms);
  const auto seen =
      pacer.note(counted(10'000, false), 10'000, began + 1s, began + 1001ms);
  CHECK(seen.depth.pending == 10'000);
  CHECK_FALSE(seen.depth.exact);
}

TEST_CASE("a queue beyond the greatest depth is not counted exactly") {
  depth_pacer pacer;
  const auto seen =
      pacer.note(counted(greatest, false), greatest, began, began + 100ms);
  CHECK_FALSE(seen.depth.exact);
  CHECK(seen.is_fresh);
}

TEST_CASE("a short greatest depth is counted every time") {
  depth_pacer pacer;
  const auto seen =
      pacer.note(counted(5'000, false), 5'000, began, began + 100ms);
  CHECK_FALSE(seen.depth.exact);
  CHECK(seen.is_fresh);
  CHECK(pacer.limit(5'000, began + 101ms) == 5'000);
}
