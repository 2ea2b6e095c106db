#include "actors/queue/ramp.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr auto opening = std::chrono::steady_clock::time_point(1h);

} // namespace

TEST_CASE("a start is no resumption", "[ramp]") {
  actors::ramp ramp;
  CHECK(ramp.width(true, opening) > 1000);
}

TEST_CASE("nothing is claimed behind a closed gate", "[ramp]") {
  actors::ramp ramp;
  CHECK(ramp.width(false, opening) == 0);
}

TEST_CASE("after a pause the claims double from one", "[ramp]") {
  actors::ramp ramp;
  ramp.width(false, opening);
  CHECK(ramp.width(true, opening + 5s) == 1);
  CHECK(ramp.width(true, opening + 5s + 499ms) == 1);
  CHECK(ramp.width(true, opening + 5s + 500ms) == 2);
  CHECK(ramp.width(true, opening + 5s + 1500ms) == 8);
  CHECK(ramp.width(true, opening + 5s + 4000ms) > 1000);
}

TEST_CASE("when more may be claimed is known before", "[ramp]") {
  actors::ramp ramp;
  CHECK_FALSE(ramp.wider_at(opening));
  ramp.width(false, opening);
  CHECK_FALSE(ramp.wider_at(opening));
  ramp.width(true, opening);
  CHECK(ramp.wider_at(opening) == opening + 500ms);
  CHECK(ramp.wider_at(opening + 1700ms) == opening + 2000ms);
  CHECK_FALSE(ramp.wider_at(opening + 4000ms));
}

TEST_CASE("a second pause begins anew", "[ramp]") {
  actors::ramp ramp;
  ramp.width(false, opening);
  ramp.width(true, opening);
  CHECK(ramp.width(true, opening + 1s) == 4);
  ramp.width(false, opening + 2s);
  CHECK(ramp.width(true, opening + 3s) == 1);
}
