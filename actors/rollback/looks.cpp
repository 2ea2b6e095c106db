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

} // namespace

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
          {"stored_per_minute", std::lround(sample.stored_last_minute)},
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
