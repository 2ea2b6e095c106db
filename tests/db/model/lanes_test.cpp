#include "db/model/lanes.hpp"

#include <catch2/catch.hpp>

using namespace sluice;

TEST_CASE("the lane follows from what waits", "[lanes]") {
  CHECK(db::lane_for(0) == 0);
  CHECK(db::lane_for(1'000) == 0);
  CHECK(db::lane_for(1'001) == 1);
  CHECK(db::lane_for(10'001) == 2);
  CHECK(db::lane_for(100'000) == 2);
  CHECK(db::lane_for(100'001) == 3);
  CHECK(db::lane_for(2'000'000'000) == db::lane_count - 1);
}

TEST_CASE("a quarter is left to the lanes behind", "[lanes]") {
  CHECK(db::part_of_later_lanes(500, 0) == 125);
  CHECK(db::part_of_later_lanes(500, 0.99) == 125);
  CHECK(db::part_of_later_lanes(0, 0.99) == 0);
}

TEST_CASE("what is no whole item is left by lot", "[lanes]") {
  CHECK(db::part_of_later_lanes(1, 0.74) == 0);
  CHECK(db::part_of_later_lanes(1, 0.75) == 1);
  CHECK(db::part_of_later_lanes(2, 0.49) == 0);
  CHECK(db::part_of_later_lanes(2, 0.5) == 1);
  CHECK(db::part_of_later_lanes(6, 0.5) == 2);
}
