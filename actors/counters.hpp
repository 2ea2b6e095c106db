#pragma once

#include <atomic>
#include <cstdint>

#include "actors/histogram.hpp"

namespace sluice::actors {

/// What this node has done since it started. Written by actors, read by
/// anybody; each counter is exact, together they are not a snapshot.
struct counters {
  /// Into the queue.
  std::atomic<std::uint64_t> accepted{0};
  /// Into the log, past the queue.
  std::atomic<std::uint64_t> created{0};
  std::atomic<std::uint64_t> duplicates{0};
  std::atomic<std::uint64_t> commits{0};
  std::atomic<std::uint64_t> stored{0};
  /// Of these, what nobody had claimed.
  std::atomic<std::uint64_t> stored_without_claim{0};
  std::atomic<std::uint64_t> retried{0};
  std::atomic<std::uint64_t> quarantined{0};
  /// Items whose fence was gone when a worker came back with them.
  std::atomic<std::uint64_t> lost_claims{0};
  std::atomic<std::uint64_t> rescued{0};
  /// Workers that have a claim now; goes down, too.
  std::atomic<std::uint64_t> busy_workers{0};
  /// Attempts that have arrived, and those that have not.
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> delivery_failures{0};
  std::atomic<std::uint64_t> dead_letters{0};
  /// Results that came after somebody else had the delivery.
  std::atomic<std::uint64_t> lost_deliveries{0};
  std::atomic<std::uint64_t> rescued_deliveries{0};
  std::atomic<std::uint64_t> endpoints_parked{0};
  /// Now; goes down, too.
  std::atomic<std::uint64_t> deliveries_in_flight{0};
  /// Rows that were old enough.
  std::atomic<std::uint64_t> removed_events{0};
  std::atomic<std::uint64_t> removed_deliveries{0};
  std::atomic<std::uint64_t> removed_attempts{0};
  std::atomic<std::uint64_t> removed_keys{0};
  /// Deliveries that replays have made due again.
  std::atomic<std::uint64_t> replayed_deliveries{0};
  /// Actors that hung and were replaced; their threads may never end.
  std::atomic<std::uint64_t> abandoned{0};
  /// From the hand-over of events to their answer, whatever it was.
  histogram accept_latency{bounds_of_calls, seconds_per_microsecond};
  /// Events of one commit.
  histogram commit_size{bounds_of_batches, 1};
  /// From the making of an event's id to the log; not of events that lost
  /// others of their claim, because it can't be told which ones.
  histogram queue_age{bounds_of_waits, seconds_per_microsecond};
  /// One attempt to deliver, whatever came of it.
  histogram delivery_time{bounds_of_waits, seconds_per_microsecond};
  /// One step of retention.
  histogram prune_time{bounds_of_calls, seconds_per_microsecond};
  /// One move that succeeded, of a claim or without one.
  histogram move_time{bounds_of_calls, seconds_per_microsecond};
};

} // namespace sluice::actors
