#pragma once

#include <algorithm>
#include <chrono>
#include <string_view>

#include "db/model/delivery.hpp"
#include "db/model/replay.hpp"

/// How the steps of a replay follow each other: the decisions that all stores
/// share. Pure.
namespace sluice::db {

/// Deliveries that a step looks at, at the most.
inline constexpr int looks_of_a_replay = 2'000;

inline constexpr std::string_view reason_endpoint_removed =
    "the endpoint was removed";

/// The step of a job that has come to `after`: a tenth of a second of its
/// rate, so that receivers see a stream and not a burst.
inline replay_order step_of(const replay_job &job,
                            std::optional<delivery_id> after, int limit) {
  replay_order order;
  order.organization = job.organization;
  order.endpoint = job.endpoint;
  order.since = job.since;
  order.until = job.until;
  order.dead_letters_only = job.dead_letters_only;
  order.after = after;
  order.limit =
      job.rate > 0 ? std::clamp(job.rate / 10, 1, std::max(limit, 1)) : limit;
  order.looks = looks_of_a_replay;
  return order;
}

/// How long the next step waits for one that made so many due.
inline std::chrono::microseconds rest_after(const replay_job &job, int count) {
  if (job.rate <= 0)
    return {};
  return std::chrono::microseconds(std::int64_t{count} * 1'000'000 / job.rate);
}

} // namespace sluice::db
