#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "db/model/ids.hpp"
#include "http/in/lru_map.hpp"
#include "http/in/problem.hpp"

namespace sluice::http {

/// What a limiter says to one request.
struct rate_verdict {
  bool is_allowed = true;
  /// 0: without limit; the other members mean nothing then.
  int limit = 0;
  int remaining = 0;
  /// Until the whole limit is there again.
  std::chrono::seconds reset{};
  /// Until the refused request would be allowed.
  std::chrono::seconds retry_after{};
};

/// A bucket of tokens for each organization, as many as its limit per
/// minute; they come back evenly. In memory and of this node only. Bounded:
/// of more organizations than it has room for, it forgets those that were
/// quiet longest, whose buckets are full again or soon would be. Thread-safe.
class rate_limiter {
public:
  using clock_function = std::function<std::chrono::steady_clock::time_point()>;

  explicit rate_limiter(std::size_t capacity = 100'000,
                        clock_function clock = &std::chrono::steady_clock::now);

  /// Takes `cost` tokens if they are there, or none. A limit of 0 or less
  /// allows everything. A cost beyond the limit is never allowed.
  rate_verdict take(db::organization_id owner, int per_minute, int cost);

private:
  struct bucket {
    double tokens = 0;
    std::chrono::steady_clock::time_point at;
  };

  struct shard {
    explicit shard(std::size_t capacity) : buckets(capacity) {}
    std::mutex mutex;
    lru_map<db::organization_id, bucket> buckets;
  };

  clock_function clock_;
  std::array<std::unique_ptr<shard>, 16> shards_;
};

/// 429 `rate_limited` for a request that costs this much.
problem rate_limited(const rate_verdict &verdict, int cost);

/// Adds `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds from now).
void add_rate_headers(response &out, const rate_verdict &verdict);

} // namespace sluice::http
