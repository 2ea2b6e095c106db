#include "actors/histogram.hpp"

#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace sluice::actors;

namespace {

constexpr std::array<std::uint64_t, 3> bounds{10, 20, 40};

std::vector<std::uint64_t> counts_of(const histogram_view &view) {
  std::vector<std::uint64_t> out;
  for (const auto &one : view.buckets)
    out.push_back(one.count);
  out.push_back(view.beyond);
  return out;
}

} // namespace

TEST_CASE("a value counts at the first bound that is not below it") {
  histogram sizes(bounds, 2);
  for (const std::uint64_t value : {0U, 10U, 11U, 40U, 41U})
    sizes.note(value);
  const auto seen = sizes.view();
  CHECK(counts_of(seen) == std::vector<std::uint64_t>{2, 1, 1, 1});
  CHECK(seen.buckets[1].bound == 40);
  CHECK(seen.sum == 204);
}

TEST_CASE("a length of time is noted in microseconds") {
  histogram times(bounds, seconds_per_microsecond);
  times.note(15us);
  times.note(39'999ns);
  times.note(-3h);
  times.note(std::chrono::milliseconds(1L << 48));
  CHECK(counts_of(times.view()) == std::vector<std::uint64_t>{1, 1, 1, 1});
}

TEST_CASE("bounds ascend and fit") {
  const auto is_sound = [](const auto &some) {
    return some.size() <= histogram::most_bounds &&
           std::is_sorted(some.begin(), some.end());
  };
  CHECK(is_sound(bounds_of_calls));
  CHECK(is_sound(bounds_of_waits));
  CHECK(is_sound(bounds_of_batches));
}

TEST_CASE("no value is lost when many threads note") {
  histogram sizes(bounds, 1);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (std::uint64_t value = 0; value < 10'000; ++value)
        sizes.note(value % 50);
    });
  for (auto &one : threads)
    one.join();
  const auto seen = counts_of(sizes.view());
  CHECK(seen[0] + seen[1] + seen[2] + seen[3] == 40'000);
}
