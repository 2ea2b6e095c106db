#include "actors/histogram.hpp"

#include <algorithm>

namespace sluice::actors {

void histogram::note(std::uint64_t value) {
  const auto found = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  const auto place = static_cast<std::size_t>(found - bounds_.begin());
  counts_.at(place).fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

histogram_view histogram::view() const {
  histogram_view out;
  for (std::size_t place = 0; place < bounds_.size(); ++place)
    out.buckets.push_back({static_cast<double>(bounds_[place]) * unit_,
                           counts_.at(place).load(std::memory_order_relaxed)});
  out.beyond = counts_.at(bounds_.size()).load(std::memory_order_relaxed);
  out.sum = static_cast<double>(sum_.load(std::memory_order_relaxed)) * unit_;
  return out;
}

} // namespace sluice::actors
