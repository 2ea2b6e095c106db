#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "db/model/ids.hpp"

namespace sluice::db {

/// A process that works on a store.
struct node {
  /// This life.
  node_id id;
  /// The same in every life: host and port, or the operator's name for it.
  std::string name;
  std::string version;
};

/// A node as the others see it.
struct node_view {
  node who;
  /// The gate's version that it has told the last time.
  std::int64_t gate_version = 0;
  /// Since its last heartbeat.
  std::chrono::microseconds silent_for{};
};

/// What one node at a time does for all.
enum class duty : std::uint8_t {
  /// Rescue, compaction, the scheduled check of the books.
  housekeeping,
};

} // namespace sluice::db
