#include "tools/bench/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sluice::tools {

namespace {

// Below 2^bits a bucket is one value; above, each power of two has 2^bits.
std::size_t bucket_of(std::uint64_t value, int bits) {
  auto width = static_cast<int>(std::bit_width(value));
  if (width <= bits)
    return value;
  auto power = static_cast<std::size_t>(width) - static_cast<std::size_t>(bits);
  auto shift = power - 1;
  return (power << bits) + ((value >> shift) - (std::uint64_t{1} << bits));
}

std::uint64_t upper_end(std::size_t bucket, int bits) {
  auto power = bucket >> bits;
  if (power == 0)
    return bucket;
  auto shift = power - 1;
  auto low = (bucket & ((std::size_t{1} << bits) - 1)) + (1U << bits);
  return ((low + 1) << shift) - 1;
}

} // namespace

void latency_histogram::add(std::chrono::nanoseconds duration) {
  auto value =
      static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  ++buckets_.at(bucket_of(value, sub_bits));
  ++count_;
  max_ = std::max(max_, duration);
}

std::chrono::nanoseconds latency_histogram::quantile(double share) const {
  auto rank = static_cast<std::uint64_t>(
      std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size() && count_ > 0; ++i) {
    seen += buckets_[i];
    if (seen >= std::max<std::uint64_t>(rank, 1))
      return std::min(max_, std::chrono::nanoseconds(upper_end(i, sub_bits)));
  }
  return {};
}

} // namespace sluice::tools
