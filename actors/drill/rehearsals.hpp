#pragma once

#include <optional>
#include <string>

#include "actors/drill/stage.hpp"

/// What each drill does, between its preparation and its cleaning up.
namespace sluice::actors {

/// Makes the fault under the drill's own events, and waits until all is well
/// again. What is wrong is in the report's `reasons`; what was sent is settled
/// by the caller. Faults and dials may be left behind: see `put_back`.
void rehearse(drill_stage &on);

/// Ends the faults, and turns the dials back if this drill, perhaps in another
/// life of the service, has turned them and nobody else did since. May be
/// repeated. What keeps it from doing so, in a line.
std::optional<std::string> put_back(gateway &door, drill_faults &faults,
                                    const drill_report &report);

} // namespace sluice::actors
