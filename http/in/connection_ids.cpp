#include "http/in/connection_ids.hpp"

#include <random>

namespace sluice::http {

namespace {

constexpr char digits[] = "234567abcdefghijklmnopqrstuvwxyz";
constexpr std::size_t prefix_size = 12;

} // namespace

request_ids::request_ids() : pattern_{} {
  std::random_device random;
  for (std::size_t i = 0; i < prefix_size; ++i) {
    pattern_[i] = digits[random() % 32];
  }
  pattern_[prefix_size] = '-';
}

request_id request_ids::next() {
  request_id out = pattern_;
  auto count = count_.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t i = out.size() - 1; i > prefix_size; --i) {
    out[i] = digits[count % 32];
    count /= 32;
  }
  return out;
}

} // namespace sluice::http
