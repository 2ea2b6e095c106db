#pragma once

#include <optional>
#include <string>

#include "actors/drill/stage.hpp"

/// Drills that turn the dials of all nodes. Each as `rehearse`, and what takes
/// it back as `put_back`.
namespace sluice::actors {

/// Past the queue, straight into the log, and back.
void rehearse_sync_roundtrip(drill_stage &on);
std::optional<std::string> put_back_ingest(gateway &door,
                                           const drill_report &report);

/// A rollback to `sync`, and its undoing.
void rehearse_rollback(drill_stage &on);
std::optional<std::string> put_back_rollback(gateway &door,
                                             const drill_report &report);

} // namespace sluice::actors
