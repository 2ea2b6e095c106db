#include "actors/rollback/looks.hpp"

#include <cmath>

namespace sluice::actors {

namespace {

void compare(std::vector<std::string> &out, std::string_view dial,
             std::string_view now, std::string_view wanted) {
  if (now != wanted)
    out.push_back(std::string(dial) + " is " + std::string(now) + ", not " +
                  std::string(wanted));
}

json facts_of(const db::ledger_sums &sums) {
  return {{"accepted", sums.accepted},       {"adopted", sums.adopted},
          {"written_off", sums.written_off}, {"stored", sums.stored},
          {"waiting", sums.waiting},         {"discarded", sums.discarded}};
}

} // namespace

json facts_of(const db::ledger_report &books) {
  json faults = json::array();
  for (const auto &one : books.faults)
    faults.push_back({{"fault", to_string(one.what)},
                      {"event_id", one.id.to_string()},
                      {"organization_id", one.owner.to_string()}});
  return {
      {"is_balanced", books.is_balanced()}, {"at", db::to_rfc3339(books.at)},
      {"position", books.position},         {"sums", facts_of(books.sums)},
      {"fault_count", books.fault_count},   {"faults", faults}};
}

json facts_of(const db::queue_depth &queue) {
  return {{"pending", queue.pending},
          {"processing", queue.processing},
          {"quarantined", queue.quarantined},
          {"is_exact", queue.exact}};
}

json facts_of(const db::drain_certificate &proof) {
  return {{"begun_at", db::to_rfc3339(proof.begun_at)},
          {"ended_at", db::to_rfc3339(proof.ended_at)},
          {"from", proof.from},
          {"to", proof.to},
          {"waiting_before", proof.waiting_before},
          {"accepted", proof.accepted},
          {"requeued", proof.requeued},
          {"stored", proof.stored},
          {"discarded", proof.discarded},
          {"newly_quarantined", proof.newly_quarantined},
          {"quarantined", proof.quarantined},
          {"is_balanced", proof.is_balanced()}};
}

json seconds_to_empty(const db::queue_depth &queue,
                      const health_sample &sample) {
  const auto left = waiting_in(queue);
  if (left == 0)
    return 0;
  if (sample.stored_per_minute <= 0)
    return nullptr;
  return std::lround(
      std::ceil(static_cast<double>(left) * 60 / sample.stored_per_minute));
}

json progress_of(const db::queue_depth &queue, const health_sample &sample) {
  return {{"left", waiting_in(queue)},
          {"is_exact", queue.exact},
          {"stored_per_minute", std::lround(sample.stored_per_minute)},
          {"seconds_left", seconds_to_empty(queue, sample)}};
}

std::vector<std::string> differences(const dial_positions &now,
                                     const dial_positions &wanted) {
  std::vector<std::string> out;
  compare(out, "ingest", to_string(now.ingest), to_string(wanted.ingest));
  compare(out, "processing", to_string(now.processing),
          to_string(wanted.processing));
  compare(out, "delivery", to_string(now.delivery), to_string(wanted.delivery));
  return out;
}

std::vector<std::string> strayed(const rollback_run &run,
                                 const db::gate_state &gate) {
  auto wanted = run.wanted;
  // Ends by itself, is given up, or was not begun: the drain looks at it.
  if (run.find(rollback_step::drain))
    wanted.processing = gate.processing;
  return differences(positions_of(gate), wanted);
}

std::string blame(const db::gate_state &gate) {
  if (gate.changed_by.empty())
    return "by nobody";
  return "by " + gate.changed_by +
         (gate.reason.empty() ? "" : ": " + gate.reason);
}

} // namespace sluice::actors
