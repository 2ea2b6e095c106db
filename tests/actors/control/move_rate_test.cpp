#include "actors/control/move_rate.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using sluice::actors::move_rate;

namespace {

/// Looks a second apart.
struct moving_queue {
  void look(std::uint64_t moved, long waiting, bool is_claiming = true) {
    now += 1s;
    rate.note({.moved = moved, .waiting = waiting, .is_claiming = is_claiming},
              now);
  }

  move_rate rate;
  move_rate::time_point now{1000s};
};

} // namespace

TEST_CASE("how fast a queue is emptied is known once it was seen") {
  moving_queue queue;
  queue.look(0, 10'000);
  CHECK(queue.rate.per_minute() == 0);
  queue.look(1'000, 9'000);
  CHECK(queue.rate.per_minute() == Approx(60'000));
  queue.look(4'000, 6'000);
  CHECK(queue.rate.per_minute() == Approx(120'000));
}

TEST_CASE("a pause makes no queue slow") {
  moving_queue queue;
  queue.look(0, 10'000);
  queue.look(1'000, 9'000);
  for (int second = 0; second < 120; ++second)
    queue.look(1'000, 9'000, false);
  CHECK(queue.rate.per_minute() == Approx(60'000));
  queue.look(1'100, 8'900);
  CHECK(queue.rate.per_minute() == Approx(60'000));
  queue.look(2'100, 7'900);
  CHECK(queue.rate.per_minute() == Approx(60'000));
}

TEST_CASE("a queue that has little to move tells nothing") {
  moving_queue queue;
  for (std::uint64_t second = 0; second < 90; ++second)
    queue.look(second * 10, 3);
  queue.look(900, 1'200, false);
  CHECK(queue.rate.per_minute() == 0);
  queue.look(900, 1'200);
  queue.look(2'100, 0);
  CHECK(queue.rate.per_minute() == 0);
}

TEST_CASE("what comes faster than it waits is no measure") {
  moving_queue queue;
  queue.look(0, 200);
  queue.look(1'000, 200);
  CHECK(queue.rate.per_minute() == 0);
}

TEST_CASE("only the last busy minute counts") {
  moving_queue queue;
  std::uint64_t moved = 0;
  for (int second = 0; second < 61; ++second)
    queue.look(moved += 100, 1'000'000);
  for (int second = 0; second < 60; ++second)
    queue.look(moved += 1'000, 1'000'000);
  CHECK(queue.rate.per_minute() == Approx(60'000));
}
