#include "actors/rollback/plan.hpp"

#include <cmath>

namespace sluice::actors {

namespace {

// Until every live node acts by a change.
constexpr double turn_seconds = 1;

std::string does_of(const rollback_run &draft, rollback_step step) {
  switch (step) {
  case rollback_step::check:
    return "look at the books, the queue and the nodes";
  case rollback_step::turn: {
    std::string text = "turn the dials in one change: ";
    text += "ingest " + std::string(to_string(draft.wanted.ingest));
    if (draft.asked.target == rollback_target::stop ||
        draft.asked.target == rollback_target::undo)
      text += ", processing " +
              std::string(to_string(draft.wanted.processing)) + ", delivery " +
              std::string(to_string(draft.wanted.delivery));
    return text;
  }
  case rollback_step::drain:
    return "work the queue off, then claim no more; given up after " +
           std::to_string(draft.asked.drain_within.count()) + " s";
  case rollback_step::verify:
    return "compare dials, queue and books with what they are to be";
  }
  return {};
}

std::string notice_of_turn(const rollback_run &draft) {
  switch (draft.wanted.ingest) {
  case db::ingest_mode::sync:
    return "POSTs are answered 201 once the event is in the log, in the place "
           "of 202";
  case db::ingest_mode::reject:
    return "POSTs are refused with 503 and Retry-After " +
           std::to_string(draft.wanted.retry_after.count()) +
           "; nothing is written";
  case db::ingest_mode::async:
    return "POSTs are answered 202 once the event is in the queue";
  }
  return {};
}

std::string notice_of(const rollback_run &draft, rollback_step step) {
  switch (step) {
  case rollback_step::turn:
    return notice_of_turn(draft);
  case rollback_step::drain:
    return "events that waited come into the log and are delivered";
  case rollback_step::check:
  case rollback_step::verify:
    break;
  }
  return "nothing";
}

json seconds_of(rollback_step step, const rollback_scene &scene) {
  switch (step) {
  case rollback_step::turn:
    return turn_seconds;
  case rollback_step::drain:
    return seconds_to_empty(scene.queue, scene.sample);
  case rollback_step::check:
  case rollback_step::verify:
    break;
  }
  return std::chrono::duration<double>(scene.check_took).count();
}

void warn_of_books(json &warnings, const rollback_scene &scene) {
  if (!scene.books.is_balanced())
    warnings.push_back(
        "the books don't balance: " + std::to_string(scene.books.fault_count) +
        " faults; look at `ledger verify` before or after, a "
        "rollback mends none");
}

void warn_of_queue(json &warnings, const rollback_run &draft,
                   const rollback_scene &scene) {
  if (scene.queue.quarantined > 0)
    warnings.push_back(std::to_string(scene.queue.quarantined) +
                       " items are in quarantine, and stay there: `queue list "
                       "--status quarantined`");
  const auto waits = waiting_in(scene.queue) > 0;
  if (draft.find(rollback_step::drain) && waits &&
      scene.sample.stored_per_minute <= 0)
    warnings.push_back("this node has not yet had a queue to empty for some "
                       "seconds: how long that takes is not known");
  if (draft.asked.target == rollback_target::stop && waits)
    warnings.push_back(std::to_string(waiting_in(scene.queue)) +
                       " items wait in the queue until it is undone");
}

} // namespace

json plan_of(const rollback_run &draft, const rollback_scene &scene) {
  json steps = json::array();
  for (const auto &one : draft.steps)
    steps.push_back({{"step", to_string(one.step)},
                     {"does", does_of(draft, one.step)},
                     {"seconds", seconds_of(one.step, scene)},
                     {"others_notice", notice_of(draft, one.step)}});
  json warnings = json::array();
  warn_of_books(warnings, scene);
  warn_of_queue(warnings, draft, scene);
  if (scene.gate.resume_at)
    warnings.push_back("the dials were to go back by themselves at " +
                       db::to_rfc3339(*scene.gate.resume_at) +
                       "; they will not any more");
  for (const auto &name : scene.silent_nodes)
    warnings.push_back("node " + name +
                       " is silent; what it holds is rescued "
                       "by the others");
  return {
      {"target", to_string(draft.asked.target)},
      {"dials_now", to_json(positions_of(scene.gate))},
      {"dials_wanted", to_json(draft.wanted)},
      {"queue", facts_of(scene.queue)},
      {"stored_per_minute", std::lround(scene.sample.stored_last_minute)},
      {"accepted_per_minute", std::lround(scene.sample.accepted_last_minute)},
      {"steps", steps},
      {"warnings", warnings}};
}

} // namespace sluice::actors
