#pragma once

#include <string>

#include "actors/gateway.hpp"
#include "actors/rollback/run.hpp"

/// What a rollback sees, as members of its record.
namespace sluice::actors {

/// Counting stops there.
inline constexpr long counted_at_most = 1'000'000;
/// Faults of the books that a record names.
inline constexpr int faults_named = 20;

/// What is left, how fast it goes, and when it will be empty, if that can be
/// told.
json progress_of(const db::queue_depth &queue, const health_sample &sample);
/// Null: how fast a queue is emptied is not known.
json seconds_to_empty(const db::queue_depth &queue,
                      const health_sample &sample);

inline long waiting_in(const db::queue_depth &queue) {
  return queue.pending + queue.processing;
}

/// `ingest is async, not sync` for each dial that stands elsewhere.
std::vector<std::string> differences(const dial_positions &now,
                                     const dial_positions &wanted);
/// Those that the turn of a run has put somewhere, and that stand elsewhere
/// now.
std::vector<std::string> strayed(const rollback_run &run,
                                 const db::gate_state &gate);
/// `by ann: the reason`, of the last change.
std::string blame(const db::gate_state &gate);

} // namespace sluice::actors
