#include "actors/work/retry_policy.hpp"

#include <algorithm>

namespace sluice::actors {

std::optional<std::chrono::milliseconds>
retry_policy::wait_after(int failed) const {
  if (failed >= max_attempts)
    return std::nullopt;
  constexpr std::chrono::milliseconds longest{3'600'000};
  auto doublings = std::clamp(failed - 1, 0, 20);
  return std::min(first_wait * (1L << doublings), longest);
}

} // namespace sluice::actors
