#pragma once

#include <chrono>
#include <cstdint>
#include <string>

/// What is asked and answered about rows that have been kept long enough.
namespace sluice::db {

/// What one call of `prune` removes.
enum class prunable : std::uint8_t {
  /// Events of the log of which nothing waits, with all that is theirs.
  events,
  /// Deliveries to webhooks that are settled, and their attempts; their events
  /// stay.
  deliveries,
  /// Keys that hold nobody up any more.
  dedup_keys,
};

struct prune_request {
  prunable what = prunable::events;
  /// Younger ones stay: since an event was stored, a delivery was settled, or
  /// a key ended.
  std::chrono::milliseconds older_than{};
  /// Where an earlier call has come to, its `next`; empty: a new round.
  std::string after{};
  /// Events, deliveries or keys that one call removes at the most, at least 1;
  /// fewer where many rows belong to each. It looks at ten times as many.
  int limit = 200;
};

/// Rows that a call has removed.
struct prune_outcome {
  int events = 0;
  int deliveries = 0;
  int attempts = 0;
  int dedup_keys = 0;
  /// Where the round goes on; empty: there was nothing else that is old.
  std::string next;

  int sum() const { return events + deliveries + attempts + dedup_keys; }
};

} // namespace sluice::db
