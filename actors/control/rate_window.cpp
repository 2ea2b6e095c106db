#include "actors/control/rate_window.hpp"

#include <algorithm>

namespace sluice::actors {

void rate_window::note(std::uint64_t value, time_point now) {
  samples_.push_back({now, value});
  while (samples_.size() > 2 && now - samples_[1].at >= std::chrono::minutes(1))
    samples_.pop_front();
}

double rate_window::per_minute() const {
  if (samples_.size() < 2)
    return 0;
  std::chrono::duration<double, std::ratio<60>> span =
      samples_.back().at - samples_.front().at;
  return span.count() > 0 ? growth() / span.count() : 0;
}

double rate_window::last_minute() const {
  return samples_.size() < 2 ? 0 : std::min(growth(), per_minute());
}

double rate_window::growth() const {
  return static_cast<double>(samples_.back().value - samples_.front().value);
}

} // namespace sluice::actors
