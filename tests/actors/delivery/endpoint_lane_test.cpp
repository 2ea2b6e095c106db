#include "actors/delivery/endpoint_lane.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

const actors::endpoint_lane::time_point lane_start{std::chrono::hours(1)};

/// One attempt that takes no time.
void try_once(actors::endpoint_lane &lane, bool has_arrived,
              actors::endpoint_lane::time_point now) {
  lane.begun(1, now);
  lane.ended(has_arrived, 1ms, now);
}

actors::endpoint_lane broken_lane() {
  actors::endpoint_lane lane({.max_in_flight = 8}, lane_start);
  for (std::size_t count = 0; count < actors::endpoint_lane::least_to_judge;
       ++count)
    try_once(lane, false, lane_start);
  return lane;
}

} // namespace

TEST_CASE("an endpoint begins slowly and is never sent more than its limit") {
  actors::endpoint_lane lane({.max_in_flight = 6}, lane_start);
  for (int room : {1, 2, 4, 6, 6}) {
    CHECK(lane.room(lane_start) == room);
    lane.begun(room, lane_start);
    CHECK(lane.room(lane_start) == 0);
    lane.ended(true, 1ms, lane_start);
    for (int rest = 1; rest < room; ++rest)
      lane.returned();
    CHECK(lane.in_flight() == 0);
  }
}

TEST_CASE("a limit that shrinks lets what is in flight end") {
  actors::endpoint_lane lane({.max_in_flight = 4}, lane_start);
  try_once(lane, true, lane_start);
  try_once(lane, true, lane_start);
  lane.begun(4, lane_start);
  lane.set({.max_in_flight = 2});
  CHECK(lane.room(lane_start) == 0);
  for (int ended = 0; ended < 3; ++ended)
    lane.ended(true, 1ms, lane_start);
  CHECK(lane.room(lane_start) == 1);
}

TEST_CASE("no second has more requests than the rate allows") {
  constexpr int rate = 50;
  actors::endpoint_lane lane({.max_in_flight = 1000, .rate = rate}, lane_start);
  for (int warm_up = 0; warm_up < 12; ++warm_up)
    try_once(lane, true, lane_start);
  int all = 0;
  for (auto now = lane_start; now < lane_start + 10s; now += 7ms) {
    auto room = lane.room(now);
    lane.begun(room, now);
    for (int ended = 0; ended < room; ++ended)
      lane.ended(true, 1ms, now);
    all += room;
  }
  CHECK(all <= 10 * rate + rate / 10);
  CHECK(all >= 9 * rate);
}

TEST_CASE("a rate below one a second is not rounded to nothing") {
  actors::endpoint_lane lane({.max_in_flight = 8, .rate = 1}, lane_start);
  CHECK(lane.room(lane_start) == 1);
  try_once(lane, true, lane_start);
  CHECK(lane.room(lane_start + 500ms) == 0);
  CHECK(lane.room(lane_start + 1s) == 1);
}

TEST_CASE("the breaker opens when next to nothing arrives") {
  actors::endpoint_lane lane({.max_in_flight = 8}, lane_start);
  for (int count = 0; count < 100; ++count)
    try_once(lane, count % 2 == 0, lane_start);
  CHECK_FALSE(lane.is_broken());
  CHECK(broken_lane().is_broken());
}

TEST_CASE("an open breaker lets one probe through, after its pause") {
  auto lane = broken_lane();
  CHECK(lane.room(lane_start) == 0);
  auto probe = lane_start + actors::endpoint_lane::first_pause;
  CHECK(lane.room(probe - 1ms) == 0);
  CHECK(lane.room(probe) == 1);
  lane.begun(1, probe);
  CHECK(lane.room(probe) == 0);
  lane.ended(false, 1ms, probe);
  // The next pause is twice as long.
  CHECK(lane.room(probe + actors::endpoint_lane::first_pause) == 0);
  probe += 2 * actors::endpoint_lane::first_pause;
  CHECK(lane.room(probe) == 1);
  try_once(lane, true, probe);
  CHECK_FALSE(lane.is_broken());
  CHECK(lane.room(probe) == 1); // and slowly again
}

TEST_CASE("pauses grow up to the longest") {
  auto lane = broken_lane();
  auto now = lane_start;
  for (int count = 0; count < 20; ++count) {
    now += actors::endpoint_lane::longest_pause;
    REQUIRE(lane.room(now) == 1);
    try_once(lane, false, now);
  }
}

TEST_CASE("what was in flight when it broke does not lengthen the pause") {
  actors::endpoint_lane lane({.max_in_flight = 64}, lane_start);
  for (int count = 0; count < 6; ++count)
    try_once(lane, true, lane_start);
  lane.begun(40, lane_start);
  for (int ended = 0; ended < 40; ++ended)
    lane.ended(false, 1ms, lane_start);
  CHECK(lane.is_broken());
  CHECK(lane.room(lane_start + actors::endpoint_lane::first_pause) == 1);
}

TEST_CASE("an endpoint that fails gets less and less at once") {
  actors::endpoint_lane lane({.max_in_flight = 8}, lane_start);
  for (int count = 0; count < 3; ++count)
    try_once(lane, true, lane_start);
  for (int room : {8, 4, 2, 1, 1}) {
    CHECK(lane.room(lane_start) == room);
    try_once(lane, false, lane_start);
  }
}

TEST_CASE("an endpoint is proven while its answers come") {
  constexpr auto patience = actors::endpoint_lane::least_patience;
  actors::endpoint_lane lane({.max_in_flight = 8}, lane_start);
  CHECK(lane.is_proven(lane_start));
  lane.begun(2, lane_start);
  CHECK(lane.is_proven(lane_start + patience - 1ms));
  CHECK_FALSE(lane.is_proven(lane_start + patience));
  lane.ended(true, 1ms, lane_start + patience);
  CHECK(lane.is_proven(lane_start + 2 * patience - 1ms));
  CHECK_FALSE(lane.is_proven(lane_start + 2 * patience));
  lane.ended(true, 1ms, lane_start + 2 * patience);
  // Nothing is out: nothing can hang.
  CHECK(lane.is_proven(lane_start + 1h));
  try_once(lane, false, lane_start + 1h);
  CHECK_FALSE(lane.is_proven(lane_start + 1h));
  try_once(lane, true, lane_start + 1h);
  CHECK(lane.is_proven(lane_start + 1h));
  CHECK_FALSE(broken_lane().is_proven(lane_start));
}

TEST_CASE("an endpoint that always takes its time is not taken to hang") {
  actors::endpoint_lane lane({.max_in_flight = 8}, lane_start);
  for (int count = 0; count < 50; ++count) {
    lane.begun(1, lane_start);
    lane.ended(true, 800ms, lane_start);
  }
  lane.begun(1, lane_start);
  CHECK(lane.is_proven(lane_start + 3s));
  CHECK_FALSE(lane.is_proven(lane_start + 3200ms));
}

TEST_CASE("an endpoint that is held has no room until then") {
  actors::endpoint_lane lane({.max_in_flight = 8}, lane_start);
  lane.hold(lane_start + 1s);
  CHECK(lane.room(lane_start + 999ms) == 0);
  CHECK(lane.room(lane_start + 1s) == 1);
}
