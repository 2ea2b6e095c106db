#pragma once

#include <cstddef>
#include <deque>

#include "actors/gateway.hpp"
#include "config/settings.hpp"

/// How health is judged. A level goes up as soon as its limit is passed, and
/// down only below nine tenths of it, so that what stands at the limit does
/// not make it go up and down. Pure.
namespace sluice::actors {

/// `before`: what it was by the last sample.
health_level queue_level(long pending, const config::health_settings &limits,
                         health_level before);

/// Any stuck item is worth a warning.
health_level stuck_level(long stuck);

/// Whether the queue grows: it was longer in all of the last few samples than
/// in any of those before. Items that come and go at once make no growth.
class queue_trend {
public:
  void note(long pending);
  bool is_growing() const;

private:
  static constexpr std::size_t compared = 5;
  std::deque<long> samples_;
};

/// A warning when less is stored than accepted, and the queue grows.
health_level rate_level(double accepted, double stored, bool is_growing,
                        health_level before);

} // namespace sluice::actors
