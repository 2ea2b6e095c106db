#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace sluice::http {

/// How many answers were sent, by the first digit of their status. Any
/// thread; neither locks nor allocates.
class answer_counts {
public:
  static constexpr int classes = 6;

  void note(int status) {
    counts_.at(place(status / 100)).fetch_add(1, std::memory_order_relaxed);
  }
  std::uint64_t of_class(int digit) const {
    return counts_.at(place(digit)).load(std::memory_order_relaxed);
  }

private:
  static std::size_t place(int digit) {
    return static_cast<std::size_t>(std::clamp(digit, 0, classes - 1));
  }

  std::array<std::atomic<std::uint64_t>, classes> counts_{};
};

} // namespace sluice::http
