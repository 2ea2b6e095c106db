#include "actors/rollback/steps.hpp"

#include <utility>

#include "actors/rollback/common.hpp"

namespace sluice::actors {

namespace {

using std::chrono::milliseconds;

// How long a change waits for other nodes.
constexpr milliseconds patience_with_nodes{2'000};
// A claim ends within this many looks, or is stuck.
constexpr int looks_at_claims = 40;
constexpr char what_to_do[] = "; apply the rollback again, or abort it";

/// What has become of a drain that was ordered, and is not under way.
rollback_failure given_up(rollback_run &run, step_record &step,
                          const db::gate_state &gate, long left) {
  step.facts.erase("is_ordered");
  // The service ends it by itself when its time is over.
  const auto is_overdue = gate.changed_by == "sluice";
  auto text = is_overdue
                  ? "the queue was not empty within " +
                        std::to_string(run.asked.drain_within.count()) + " s"
                  : "the drain was ended " + blame(gate);
  run.remarks.push_back(now_text() + ' ' + text);
  return {.refusal = text + "; " + std::to_string(left) + " left" + what_to_do,
          .is_overdue = is_overdue};
}

} // namespace

rollback_steps::result<bool> rollback_steps::perform(rollback_run &run,
                                                     step_record &step,
                                                     const std::string &actor) {
  result<void> done;
  switch (step.step) {
  case rollback_step::check:
    done = check(run, step);
    break;
  case rollback_step::turn:
    ++step.attempts;
    done = change(run, run.wanted, actor, step.facts);
    break;
  case rollback_step::drain:
    return drain(run, step, actor);
  case rollback_step::verify:
    done = examine(run, step);
    // Claims that were there when the dials were turned are finished.
    if (done && run.asked.target == rollback_target::stop &&
        step.attempts < looks_at_claims &&
        step.facts["queue"].value("processing", 0L) > 0)
      return false;
    break;
  }
  if (!done)
    return tl::unexpected(done.error());
  return true;
}

rollback_steps::result<void> rollback_steps::check(rollback_run &run,
                                                   step_record &step) {
  ++step.attempts;
  const auto queue = count_queue(door_);
  if (!queue)
    return tl::unexpected(queue.error());
  step.facts["queue"] = facts_of(*queue);
  // A database in trouble must not keep anybody from rolling back.
  const auto books = door_.verify(faults_named);
  if (books)
    step.facts["books"] = facts_of(*books);
  else
    run.remarks.push_back(
        now_text() + " the books could not be checked: " + books.error().text);
  return {};
}

rollback_steps::result<void> rollback_steps::change(const rollback_run &run,
                                                    const dial_positions &to,
                                                    const std::string &actor,
                                                    json &facts) {
  db::gate_change change;
  change.ingest = to.ingest;
  change.retry_after = to.retry_after;
  change.delivery = to.delivery;
  // The drain brings it there.
  if (to.processing != db::processing_mode::drained)
    change.processing = to.processing;
  change.actor = actor;
  change.reason =
      name_of(run) + (run.asked.reason.empty() ? "" : ": " + run.asked.reason);
  const auto made = passed_on(door_.change_gate(change, patience_with_nodes));
  if (!made)
    return tl::unexpected(made.error());
  facts["gate_version"] = made->state.version;
  facts["dials"] = to_json(positions_of(made->state));
  facts["nodes_behind"] = made->behind;
  return {};
}

rollback_steps::result<bool> rollback_steps::drain(rollback_run &run,
                                                   step_record &step,
                                                   const std::string &actor) {
  const auto now = look_at_gate(door_);
  if (!now)
    return tl::unexpected(now.error());
  if (const auto strays = strayed(run, *now); !strays.empty())
    return refuse(joined(strays, ", ") + ", turned " + blame(*now) +
                  what_to_do);
  const auto queue = count_queue(door_);
  if (!queue)
    return tl::unexpected(queue.error());
  step.facts["progress"] = progress_of(*queue, door_.health());
  using enum db::processing_mode;
  if (now->processing == draining)
    return false;
  if (now->processing == drained && waiting_in(*queue) == 0)
    return finish_drain(step);
  if (is_ordered(step))
    return tl::unexpected(given_up(run, step, *now, waiting_in(*queue)));
  return order_drain(run, step, actor);
}

rollback_steps::result<bool> rollback_steps::finish_drain(step_record &step) {
  const auto proof = passed_on(door_.ask<std::optional<db::drain_certificate>>(
      [](db::store &session) { return session.last_drain(); }));
  if (!proof)
    return tl::unexpected(proof.error());
  step.facts = {{"certificate", *proof ? facts_of(**proof) : json(nullptr)}};
  return true;
}

rollback_steps::result<bool>
rollback_steps::order_drain(const rollback_run &run, step_record &step,
                            const std::string &actor) {
  db::gate_change change;
  change.processing = db::processing_mode::draining;
  change.drain_within = run.asked.drain_within;
  change.actor = actor;
  change.reason = name_of(run);
  ++step.attempts;
  if (const auto made = door_.change_gate(change, patience_with_nodes); !made)
    return tl::unexpected(rollback_failure{.store = made.error()});
  step.facts["is_ordered"] = true;
  return false;
}

rollback_steps::result<void> rollback_steps::examine(rollback_run &run,
                                                     step_record &step) {
  ++step.attempts;
  const auto now = look_at_gate(door_);
  if (!now)
    return tl::unexpected(now.error());
  const auto queue = count_queue(door_);
  if (!queue)
    return tl::unexpected(queue.error());
  const auto books = passed_on(door_.verify(faults_named));
  if (!books)
    return tl::unexpected(books.error());
  step.facts = {{"dials", to_json(positions_of(*now))},
                {"queue", facts_of(*queue)},
                {"books", facts_of(*books)}};
  run.open_points = differences(positions_of(*now), run.wanted);
  if (!run.open_points.empty())
    run.open_points.back() += ", turned " + blame(*now);
  const auto left = run.find(rollback_step::drain) ? waiting_in(*queue)
                    : run.asked.target == rollback_target::stop
                        ? queue->processing
                        : 0L;
  if (left > 0)
    run.open_points.push_back(std::to_string(left) +
                              (left == 1 ? " item is" : " items are") +
                              " worked on or left in the queue");
  if (!books->is_balanced())
    run.open_points.push_back(
        "the books don't balance: " + std::to_string(books->fault_count) +
        (books->fault_count == 1 ? " fault" : " faults"));
  run.is_proven = run.open_points.empty();
  return {};
}

} // namespace sluice::actors
