#include "actors/intake/fullness.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

// Ten a second.
constexpr double emptied_per_minute = 600;

struct full_queue {
  /// A sample says that so many wait.
  auto at(long depth, double per_minute = emptied_per_minute) {
    full.begin_count(counts);
    full.note(depth, on_their_way, counts, per_minute);
    return full.wait(counts);
  }

  long on_their_way = 0;
  actors::fullness full{1000};
  actors::counters counts;
};

} // namespace

TEST_CASE_METHOD(full_queue, "a queue with room takes events", "[fullness]") {
  CHECK_FALSE(full.wait(counts));
  CHECK_FALSE(at(999));
}

TEST_CASE_METHOD(full_queue, "it closes at the limit and opens a tenth below",
                 "[fullness]") {
  CHECK(at(1000));
  CHECK(at(950));
  CHECK_FALSE(at(900));
  CHECK_FALSE(at(950));
}

TEST_CASE_METHOD(full_queue, "the wait is what the queue takes to get there",
                 "[fullness]") {
  CHECK(at(1000) == 10s);
  CHECK(at(100'000) == 60s);
  CHECK(at(1000, 0) == 10s);
}

TEST_CASE_METHOD(full_queue, "what came and went since the sample counts",
                 "[fullness]") {
  counts.accepted = 5000;
  counts.stored = 4000;
  CHECK_FALSE(at(500));
  counts.accepted += 600;
  CHECK(full.wait(counts));
  counts.stored += 300;
  CHECK_FALSE(full.wait(counts));
}

TEST_CASE_METHOD(full_queue, "what is counted late refuses nobody",
                 "[fullness]") {
  // Committed, and seen by the count of the depth, but not counted yet.
  on_their_way = 500;
  CHECK_FALSE(at(600));
  counts.accepted += 500;
  CHECK_FALSE(full.wait(counts));
  // Gone from the queue after its depth was taken.
  full.begin_count(counts);
  counts.stored += 300;
  full.note(900, 0, counts, emptied_per_minute);
  counts.accepted += 300;
  CHECK_FALSE(full.wait(counts));
}
