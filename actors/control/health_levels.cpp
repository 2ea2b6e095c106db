#include "actors/control/health_levels.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

/// Whether a value is to be taken for one above its limit. With a limit of
/// nothing, nothing is below it.
bool is_above(double value, double limit, bool was_above) {
  const auto still = was_above && value > 0 && value >= limit * 0.9;
  return value > limit || still;
}

} // namespace

health_level queue_level(long pending, const config::health_settings &limits,
                         health_level before) {
  const auto value = static_cast<double>(pending);
  if (is_above(value, static_cast<double>(limits.critical_depth),
               before == health_level::critical))
    return health_level::critical;
  if (is_above(value, static_cast<double>(limits.warning_depth),
               before != health_level::normal))
    return health_level::warning;
  return health_level::normal;
}

health_level stuck_level(long stuck) {
  return stuck > 0 ? health_level::warning : health_level::normal;
}

void queue_trend::note(long pending) {
  samples_.push_back(pending);
  if (samples_.size() > 2 * compared)
    samples_.pop_front();
}

bool queue_trend::is_growing() const {
  if (samples_.size() < 2 * compared)
    return false;
  const auto middle = samples_.begin() + compared;
  return *std::min_element(middle, samples_.end()) >
         *std::max_element(samples_.begin(), middle);
}

health_level rate_level(double accepted, double stored, bool is_growing,
                        health_level before) {
  const auto is_behind =
      is_growing && is_above(accepted, stored, before != health_level::normal);
  return is_behind ? health_level::warning : health_level::normal;
}

} // namespace sluice::actors
