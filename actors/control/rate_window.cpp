#include "actors/control/rate_window.hpp"

namespace sluice::actors {

void rate_window::note(std::uint64_t value, time_point now) {
  samples_.push_back({now, value});
  while (samples_.size() > 2 && now - samples_[1].at >= std::chrono::minutes(1))
    samples_.pop_front();
}

double rate_window::per_minute() const {
  if (samples_.size() < 2)
    return 0;
  const auto &first = samples_.front();
  const auto &last = samples_.back();
  std::chrono::duration<double, std::ratio<60>> span = last.at - first.at;
  return span.count() > 0
             ? static_cast<double>(last.value - first.value) / span.count()
             : 0;
}

} // namespace sluice::actors
