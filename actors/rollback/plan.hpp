#pragma once

#include "actors/rollback/looks.hpp"

namespace sluice::actors {

/// How things are when a plan is made.
struct rollback_scene {
  db::gate_state gate;
  db::queue_depth queue;
  health_sample sample;
  db::ledger_report books;
  /// How long the check of the books took.
  std::chrono::milliseconds check_took{};
  /// Names of nodes that have not been heard of for long.
  std::vector<std::string> silent_nodes;
};

/// The plan that a run would follow: for each step what it does, how long it
/// will take, as far as that can be told, and what others will notice; and
/// what an operator should know before. Pure.
json plan_of(const rollback_run &draft, const rollback_scene &scene);

} // namespace sluice::actors
