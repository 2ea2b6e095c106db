#include "actors/drill/readiness.hpp"

#include "actors/drill/fault_drills.hpp"

namespace sluice::actors {

namespace {

bool are_normal(const db::gate_state &dials) {
  return dials.ingest == db::ingest_mode::async &&
         dials.processing == db::processing_mode::running && !dials.resume_at &&
         !dials.drain_until;
}

std::string positions(const db::gate_state &dials) {
  return "ingest is " + std::string(to_string(dials.ingest)) + ", processing " +
         std::string(to_string(dials.processing)) +
         (dials.resume_at ? ", until they go back by themselves" : "");
}

} // namespace

std::optional<std::string> obstacle_to(const drill_request &asked,
                                       const health_sample &seen,
                                       const config::settings &held) {
  if (!seen.gate.is_known)
    return "this node does not know the gate yet";
  if (!are_normal(seen.gate.state))
    return "the dials are not normal: " + positions(seen.gate.state);
  if (asked.kind == drill_kind::slow_endpoint &&
      seen.gate.state.delivery != db::delivery_mode::running)
    return "delivery is paused, so that no endpoint is sent to";
  if (asked.kind == drill_kind::stuck_items && held.processor.max_attempts < 2)
    return "processor.max_attempts is 1: what is rescued goes to quarantine";
  if (asked.kind == drill_kind::poison &&
      !plan_poison(held.processor.retry_backoff, held.processor.max_attempts,
                   drill_limits().retries))
    return "processor.retry_backoff is too long to wait for retries";
  return std::nullopt;
}

std::vector<std::string> complaints(const health_sample &seen,
                                    const std::vector<part_view> &parts) {
  std::vector<std::string> found;
  if (!seen.database_is_up)
    found.push_back("the database is away");
  else if (!seen.is_ready)
    found.emplace_back("it is not ready for events");
  if (seen.queue_level == health_level::critical)
    found.push_back("the queue is long: " + std::to_string(seen.depth.pending) +
                    " pending");
  if (seen.ledger.was_checked && !seen.ledger.is_balanced)
    found.emplace_back("the books don't balance");
  for (const auto &one : parts)
    if (!one.is_running)
      found.push_back(one.name + " is not running");
  return found;
}

} // namespace sluice::actors
