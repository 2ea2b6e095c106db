#pragma once

#include <atomic>
#include <cstdint>

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
  std::atomic<std::uint64_t> retried{0};
  std::atomic<std::uint64_t> quarantined{0};
  /// Items whose fence was gone when a worker came back with them.
  std::atomic<std::uint64_t> lost_claims{0};
  std::atomic<std::uint64_t> rescued{0};
  std::atomic<std::uint64_t> restarts{0};
  /// Actors that hung and were replaced; their threads may never end.
  std::atomic<std::uint64_t> abandoned{0};
};

} // namespace sluice::actors
