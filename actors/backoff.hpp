#pragma once

#include <chrono>
#include <random>

namespace sluice::actors {

/// Waits that double from `first` to `longest`, each with jitter, so that
/// many clients of one database don't come back at the same moment.
class backoff {
public:
  using milliseconds = std::chrono::milliseconds;

  backoff(milliseconds first, milliseconds longest);

  /// The next wait: between half of the nominal one and all of it.
  milliseconds next();

  /// The next wait is a first one again.
  void reset();

private:
  milliseconds first_;
  milliseconds longest_;
  milliseconds nominal_;
  std::minstd_rand random_;
};

} // namespace sluice::actors
