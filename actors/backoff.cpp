#include "actors/backoff.hpp"

#include <algorithm>

namespace sluice::actors {

backoff::backoff(milliseconds first, milliseconds longest)
    : first_(first), longest_(longest), nominal_(first),
      random_(std::random_device{}()) {}

backoff::milliseconds backoff::next() {
  auto wait = nominal_;
  nominal_ = std::min(nominal_ * 2, longest_);
  std::uniform_int_distribution<milliseconds::rep> share(wait.count() / 2,
                                                         wait.count());
  return milliseconds(share(random_));
}

void backoff::reset() {
  nominal_ = first_;
}

} // namespace sluice::actors
