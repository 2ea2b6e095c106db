#pragma once

#include <chrono>
#include <cstdint>

namespace sluice::db {

/// A comparison reads everything, beside others who must not wait for a
/// processor: it works for a third of a millisecond, and rests for several
/// times as long. For how long in all does not grow with the books.
struct ledger_rests {
  static constexpr std::int64_t ids_between = 2048;
  static constexpr std::chrono::microseconds length{2000};
  static constexpr std::int64_t most = 1000;
};

} // namespace sluice::db
