#include "actors/intake/fullness.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

actors::health_sample sample_of(long pending) {
  actors::health_sample sample;
  sample.depth.pending = pending;
  sample.stored_per_minute = 600;
  return sample;
}

} // namespace

TEST_CASE("a queue with room takes events", "[fullness]") {
  actors::fullness full(1000);
  const actors::counters counts;
  CHECK_FALSE(full.wait(sample_of(999), counts));
}

TEST_CASE("it closes at the limit and opens a tenth below", "[fullness]") {
  actors::fullness full(1000);
  const actors::counters counts;
  CHECK(full.wait(sample_of(1000), counts));
  CHECK(full.wait(sample_of(950), counts));
  CHECK_FALSE(full.wait(sample_of(900), counts));
  CHECK_FALSE(full.wait(sample_of(950), counts));
}

TEST_CASE("the wait is what the queue takes to get there", "[fullness]") {
  actors::fullness full(1000);
  const actors::counters counts;
  // 10 a second, 100 too many.
  CHECK(full.wait(sample_of(1000), counts) == 10s);
  CHECK(full.wait(sample_of(100'000), counts) == 60s);
  auto stopped = sample_of(1000);
  stopped.stored_per_minute = 0;
  CHECK(full.wait(stopped, counts) == 60s);
}

TEST_CASE("what came since the sample counts", "[fullness]") {
  actors::fullness full(1000);
  actors::counters counts;
  counts.accepted = 600;
  CHECK(full.wait(sample_of(500), counts));
  counts.stored = 300;
  CHECK_FALSE(full.wait(sample_of(500), counts));
}
