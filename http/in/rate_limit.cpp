#include "http/in/rate_limit.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace sluice::http {

namespace {

/// How long until `tokens` have come at this rate; whole seconds, rounded up.
std::chrono::seconds time_for(double tokens, int per_minute) {
  const double seconds = std::ceil(tokens * 60.0 / per_minute);
  return std::chrono::seconds(static_cast<long>(std::max(seconds, 0.0)));
}

} // namespace

rate_limiter::rate_limiter(std::size_t capacity, clock_function clock)
    : clock_(std::move(clock)) {
  for (auto &home : shards_)
    home = std::make_unique<shard>(
        std::max<std::size_t>(capacity / shards_.size(), 1));
}

rate_verdict rate_limiter::take(db::organization_id owner, int per_minute,
                                int cost) {
  if (per_minute <= 0)
    return {};
  const double full = per_minute;
  shard &home = *shards_[std::hash<db::organization_id>{}(owner) >> 7U &
                         (shards_.size() - 1)];
  const std::lock_guard lock(home.mutex);
  const auto now = clock_();
  bucket *own = home.buckets.find(owner);
  if (own == nullptr)
    own = home.buckets.put(owner, {full, now});
  const std::chrono::duration<double> passed = now - own->at;
  own->tokens = std::min(full, own->tokens + passed.count() * full / 60.0);
  own->at = now;
  rate_verdict out;
  out.limit = per_minute;
  out.is_allowed = own->tokens >= cost;
  if (out.is_allowed)
    own->tokens -= cost;
  else
    out.retry_after = std::max(
        time_for(std::min<double>(cost, full) - own->tokens, per_minute),
        std::chrono::seconds(1));
  out.remaining = static_cast<int>(own->tokens);
  out.reset = time_for(full - own->tokens, per_minute);
  return out;
}

problem rate_limited(const rate_verdict &verdict, int cost) {
  problem out;
  out.status = 429;
  out.slug = "rate-limited";
  out.title = "Too many requests";
  out.detail = "the limit is " + std::to_string(verdict.limit) + " a minute";
  if (cost > verdict.limit)
    out.detail += ", and this request counts as " + std::to_string(cost) +
                  ": send fewer events at once";
  out.extensions.emplace_back("limit", std::to_string(verdict.limit));
  out.retry_after = verdict.retry_after.count();
  return out;
}

void add_rate_headers(response &out, const rate_verdict &verdict) {
  if (verdict.limit == 0)
    return;
  out.headers.emplace_back("X-RateLimit-Limit", std::to_string(verdict.limit));
  out.headers.emplace_back("X-RateLimit-Remaining",
                           std::to_string(verdict.remaining));
  out.headers.emplace_back("X-RateLimit-Reset",
                           std::to_string(verdict.reset.count()));
}

} // namespace sluice::http
