#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>

#include "actors/gateway.hpp"

namespace sluice::actors {

/// Counts values by their size. Any number of threads may note values while
/// others look; neither locks nor allocates in `note`.
class histogram {
public:
  static constexpr std::size_t most_bounds = 20;

  /// `bounds`: `most_bounds` at the most, ascending, of static storage. `unit`:
  /// what a value of 1 is worth in the view.
  constexpr histogram(std::span<const std::uint64_t> bounds, double unit)
      : bounds_(bounds), unit_(unit) {}

  void note(std::uint64_t value);
  /// In microseconds; a negative length, as clocks of two nodes may give,
  /// counts as none.
  template <class Count, class Period>
  void note(std::chrono::duration<Count, Period> length) {
    using std::chrono::microseconds;
    const auto count = std::chrono::duration_cast<microseconds>(length).count();
    note(static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0)));
  }

  /// Each bucket is exact; together they are not a snapshot.
  histogram_view view() const;

private:
  std::span<const std::uint64_t> bounds_;
  double unit_;
  /// The last one is for what is beyond the last bound.
  std::array<std::atomic<std::uint64_t>, most_bounds + 1> counts_{};
  std::atomic<std::uint64_t> sum_{0};
};

/// Microseconds, from half a millisecond to ten seconds: a call or a request.
inline constexpr std::array<std::uint64_t, 14> bounds_of_calls{
    500,     1'000,   2'500,   5'000,     10'000,    25'000,    50'000,
    100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};
/// Microseconds, from a hundredth of a second to a day: waiting in the queue.
inline constexpr std::array<std::uint64_t, 15> bounds_of_waits{
    10'000,     50'000,      100'000,       250'000,       500'000,
    1'000'000,  2'500'000,   5'000'000,     10'000'000,    30'000'000,
    60'000'000, 300'000'000, 1'800'000'000, 3'600'000'000, 86'400'000'000};
/// How many at once.
inline constexpr std::array<std::uint64_t, 10> bounds_of_batches{
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1'000};

inline constexpr double seconds_per_microsecond = 1e-6;

} // namespace sluice::actors
