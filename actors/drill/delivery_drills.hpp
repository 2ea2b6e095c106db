#pragma once

#include "actors/drill/stage.hpp"

/// Drills of what events are sent to. Each as `rehearse`.
namespace sluice::actors {

/// An endpoint answers nobody, beside one that does, until it answers again.
void rehearse_slow_endpoint(drill_stage &on);

} // namespace sluice::actors
