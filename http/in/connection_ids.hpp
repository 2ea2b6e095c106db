#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace sluice::http {

/// The name of a request: `a-z2-7-`, the same number of characters each.
using request_id = std::array<char, 26>;

/// Names requests: a random beginning of this process, then a count. No
/// secret; two processes do not give the same one.
class request_ids {
public:
  request_ids();

  /// From any thread.
  request_id next();

private:
  request_id pattern_;
  std::atomic<std::uint64_t> count_{0};
};

} // namespace sluice::http
