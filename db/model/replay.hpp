#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "db/model/ids.hpp"
#include "db/model/time.hpp"

/// Replays that the service makes by itself, step by step.
namespace sluice::db {

enum class replay_state : std::uint8_t {
  running,
  done,
  cancelled,
  /// It can't go on; `replay_job::reason` says why.
  failed,
};

std::string_view to_string(replay_state state);
std::optional<replay_state> parse_replay_state(std::string_view text);

/// A replay that is to begin.
struct replay_request {
  /// A fresh id.
  replay_id id;
  organization_id organization;
  endpoint_id endpoint;
  /// Of what was stored from here on, and before `until`; none: before now.
  timestamp since{};
  std::optional<timestamp> until{};
  bool dead_letters_only = false;
  /// Deliveries a second; 0: as many as there are.
  int rate = 0;
};

/// A replay, and how far it has come.
struct replay_job {
  replay_id id;
  organization_id organization;
  endpoint_id endpoint;
  replay_state state = replay_state::running;
  timestamp since{};
  timestamp until{};
  bool dead_letters_only = false;
  int rate = 0;
  /// Deliveries that were looked at, and those that it has made due again.
  std::int64_t examined = 0;
  std::int64_t replayed = 0;
  /// One line; empty unless it failed.
  std::string reason;
  timestamp started_at{};
  timestamp updated_at{};
};

struct replay_beginning {
  enum class kind : std::uint8_t {
    begun,
    /// The organization has no such endpoint.
    no_endpoint,
    /// So many of the organization's are running already.
    too_many,
  };
  kind what = kind::begun;
  /// As it begins; only where it does.
  replay_job job;
};

/// One step of one replay.
struct replay_progress {
  /// Due again by this step.
  int replayed = 0;
  /// When the next step of any replay is due, from now; none: none is running.
  std::optional<std::chrono::milliseconds> next_in;
};

/// Ended replays of an organization that are kept, the newest.
inline constexpr int replays_kept = 100;

} // namespace sluice::db
