#include "actors/control/rate_window.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using sluice::actors::rate_window;

namespace {

const rate_window::time_point first_note{1000s};

} // namespace

TEST_CASE("a rate wants two notes") {
  rate_window rate;
  CHECK(rate.per_minute() == 0);
  rate.note(7, first_note);
  CHECK(rate.per_minute() == 0);
}

TEST_CASE("a young rate is taken over the time there is") {
  rate_window rate;
  rate.note(0, first_note);
  rate.note(10, first_note + 1s);
  CHECK(rate.per_minute() == Approx(600));
}

TEST_CASE("what is older than a minute is forgotten") {
  rate_window rate;
  rate.note(0, first_note);
  rate.note(1'000'000, first_note + 1s);
  for (int second = 2; second <= 90; ++second)
    rate.note(1'000'000, first_note + second * 1s);
  CHECK(rate.per_minute() == Approx(0));
}

TEST_CASE("what came in the last minute is no more than came at all") {
  rate_window rate;
  CHECK(rate.last_minute() == 0);
  rate.note(5, first_note);
  CHECK(rate.last_minute() == 0);
  rate.note(15, first_note + 1s);
  CHECK(rate.last_minute() == Approx(10));
  for (int second = 2; second <= 120; ++second)
    rate.note(15 + static_cast<std::uint64_t>(second),
              first_note + second * 1s);
  CHECK(rate.last_minute() == Approx(60));
}
