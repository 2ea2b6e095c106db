#pragma once

#include <string_view>

#include "actors/drill/stage.hpp"

/// Drills of parts that fail. Each as `rehearse`.
namespace sluice::actors {

/// A part (`worker`, `poller`) dies while events are under way.
void rehearse_kill(drill_stage &on, std::string_view part);
/// Items are claimed by a node that is not there.
void rehearse_stuck_items(drill_stage &on);
/// This node loses its database for a while.
void rehearse_outage(drill_stage &on);
/// The log refuses some events, until it takes them again.
void rehearse_poison(drill_stage &on);

/// How often poisoned events are refused before they are healed.
struct poison_plan {
  int attempts = 1;
  /// They end in quarantine by that.
  bool ends_in_quarantine = false;
  /// What they wait between these attempts, and until the next one.
  std::chrono::milliseconds waits{0};
};

/// As many attempts as there is time for; nothing when there is none for a
/// single one. Pure.
std::optional<poison_plan> plan_poison(std::chrono::milliseconds first_wait,
                                       int max_attempts,
                                       std::chrono::milliseconds time);

} // namespace sluice::actors
