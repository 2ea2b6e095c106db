#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace sluice::tools {

/// Counts durations in buckets that are at most 1/64 wide of what they hold,
/// from nanoseconds to hours. Adding is a few instructions.
class latency_histogram {
public:
  void add(std::chrono::nanoseconds duration);

  std::uint64_t count() const { return count_; }
  std::chrono::nanoseconds max() const { return max_; }

  /// The duration that `share` (0 to 1) of all do not exceed; zero when
  /// nothing was added.
  std::chrono::nanoseconds quantile(double share) const;

private:
  static constexpr int sub_bits = 6;
  static constexpr int powers = 64 - sub_bits;

  std::array<std::uint32_t, std::size_t{powers + 1} << sub_bits> buckets_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds max_{};
};

} // namespace sluice::tools
