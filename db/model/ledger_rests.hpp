#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sluice::db {

/// A comparison reads everything, beside others who must not wait for a
/// processor: it works for a third of a millisecond, and rests for several
/// times as long.
struct ledger_rests {
  static constexpr std::int64_t ids_between = 2048;
  static constexpr std::chrono::microseconds length{2000};

  /// For how long in all. Does not grow with the books, and leaves most of the
  /// comparison's limit to its work.
  static constexpr std::chrono::microseconds
  within(std::chrono::milliseconds limit) {
    constexpr std::chrono::microseconds most{2'000'000};
    return std::min<std::chrono::microseconds>(most, limit / 4);
  }
};

} // namespace sluice::db
