#include "actors/rollback/rollback.hpp"

#include <utility>

#include "actors/rollback/plan.hpp"

namespace sluice::actors {

namespace {

using std::chrono::milliseconds;

constexpr char kind[] = "rollback";
// How long a change waits for other nodes.
constexpr milliseconds patience_with_nodes{2'000};
// A claim ends within this many looks, or is stuck.
constexpr int looks_at_claims = 40;

template <class T>
rollback::result<T> passed_on(db::result<T> answer) {
  if (!answer)
    return tl::unexpected(rollback_failure{.store = answer.error()});
  return std::move(*answer);
}

tl::unexpected<rollback_failure> refuse(std::string why) {
  return tl::unexpected(rollback_failure{.refusal = std::move(why)});
}

std::string to_text(const rollback_run &run) {
  return to_json(run).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string now_text() {
  return db::to_rfc3339(db::system_now());
}

std::string name_of(const rollback_run &run) {
  const auto target = std::string(to_string(run.asked.target));
  return run.asked.target == rollback_target::undo ? target
                                                   : "rollback to " + target;
}

std::string sum_up(const db::queue_depth &queue) {
  return "pending=" + std::to_string(queue.pending) +
         " processing=" + std::to_string(queue.processing) +
         " quarantined=" + std::to_string(queue.quarantined);
}

db::result<db::queue_depth> count_queue(db::store &session) {
  return session.depth({.limit = counted_at_most});
}

db::result<std::optional<db::drain_certificate>>
look_at_proof(db::store &session) {
  return session.last_drain();
}

/// Dials that the turn has put somewhere, and that stand elsewhere now.
std::vector<std::string> strayed(const rollback_run &run,
                                 const db::gate_state &gate) {
  auto wanted = run.wanted;
  // Ends by itself, is given up, or was not begun: the drain looks at it.
  if (run.find(rollback_step::drain))
    wanted.processing = gate.processing;
  return differences(positions_of(gate), wanted);
}

bool can_be_undone(const rollback_run &last) {
  return last.state == rollback_state::done &&
         last.asked.target != rollback_target::undo;
}

/// Where an undo leads. Of rollbacks that follow each other it is where the
/// first began: who repeats one, not knowing how it ended, loses no way back.
dial_positions origin(const std::optional<rollback_run> &last,
                      const dial_positions &now) {
  const auto holds = last && can_be_undone(*last) &&
                     differences(now, last->wanted).empty();
  return holds ? last->before : now;
}

std::string joined(const std::vector<std::string> &texts) {
  std::string out;
  for (const auto &one : texts)
    out += (out.empty() ? "" : ", ") + one;
  return out;
}

bool is_ordered(const step_record &drain) {
  return drain.facts.value("is_ordered", false);
}

} // namespace

rollback::result<db::gate_state> rollback::gate() {
  return passed_on(door_.ask<db::gate_state>(
      [](db::store &session) { return session.gate(); }));
}

rollback::result<std::optional<rollback_run>> rollback::newest() {
  auto kept = door_.ask<std::vector<db::procedure>>(
      [](db::store &session) { return session.procedures(kind, 1); });
  if (!kept)
    return tl::unexpected(rollback_failure{.store = kept.error()});
  if (kept->empty())
    return std::optional<rollback_run>();
  auto run = parse_run(kept->front());
  if (!run)
    return refuse("the record of rollback " + kept->front().id.to_string() +
                  " can't be read; it was written by another version");
  return run;
}

// -- beginning ---------------------------------------------------------------

rollback::result<rollback_run>
rollback::draft(const rollback_request &asked,
                const std::optional<rollback_run> &last) {
  const auto now = gate();
  if (!now)
    return tl::unexpected(now.error());
  rollback_run run;
  run.id = db::procedure_id::generate();
  run.asked = asked;
  run.begun_at = now_text();
  run.wanted = wanted_for(asked, positions_of(*now));
  run.before = origin(last, positions_of(*now));
  run.steps = steps_to(asked.target);
  if (asked.target != rollback_target::undo)
    return run;
  if (!last || !can_be_undone(*last))
    return refuse("there is no rollback that could be undone");
  run.before = positions_of(*now);
  run.wanted = restorable(last->before);
  return run;
}

rollback::result<json> rollback::plan(const rollback_request &asked) {
  const auto last = newest();
  if (!last)
    return tl::unexpected(last.error());
  const auto drafted = draft(asked, *last);
  if (!drafted)
    return tl::unexpected(drafted.error());
  rollback_scene scene;
  const auto seen = passed_on(door_.ask<db::queue_depth>(count_queue));
  if (!seen)
    return tl::unexpected(seen.error());
  scene.queue = *seen;
  const auto state = gate();
  if (!state)
    return tl::unexpected(state.error());
  scene.gate = *state;
  scene.sample = door_.health();
  const auto started = std::chrono::steady_clock::now();
  const auto books = passed_on(door_.verify(faults_named));
  if (!books)
    return tl::unexpected(books.error());
  scene.books = *books;
  scene.check_took = std::chrono::duration_cast<milliseconds>(
      std::chrono::steady_clock::now() - started);
  const auto nodes = passed_on(door_.ask<std::vector<db::node_view>>(
      [](db::store &session) { return session.nodes(); }));
  if (!nodes)
    return tl::unexpected(nodes.error());
  for (const auto &one : *nodes)
    if (one.silent_for > door_.settings()->node.dead_after)
      scene.silent_nodes.push_back(one.who.name);
  auto plan = plan_of(*drafted, scene);
  plan["open"] = *last && (*last)->is_open() ? to_json(**last) : json(nullptr);
  return plan;
}

rollback::result<rollback_run> rollback::begin(const rollback_request &asked) {
  auto last = newest();
  if (!last)
    return tl::unexpected(last.error());
  if (*last && (*last)->is_open())
    return take_up(std::move(**last), asked);
  return start(asked, *last);
}

rollback::result<rollback_run>
rollback::start(const rollback_request &asked,
                const std::optional<rollback_run> &last) {
  auto run = draft(asked, last);
  if (!run)
    return run;
  const auto queue = passed_on(door_.ask<db::queue_depth>(count_queue));
  if (!queue)
    return tl::unexpected(queue.error());
  const db::procedure fresh{
      .id = run->id, .kind = kind, .document = to_text(*run)};
  const db::procedure_note note{.actor = asked.actor,
                                .reason = asked.reason,
                                .detail =
                                    name_of(*run) + " begun " + sum_up(*queue)};
  const auto begun = passed_on(door_.ask<bool>([=](db::store &session) {
    return session.begin_procedure(fresh, note);
  }));
  if (!begun)
    return tl::unexpected(begun.error());
  if (!*begun)
    return refuse("another rollback was begun at this moment; look at it with "
                  "`rollback report`");
  run->version = 1;
  return run;
}

rollback::result<rollback_run>
rollback::take_up(rollback_run run, const rollback_request &asked) {
  if (run.asked.target != asked.target)
    return refuse("a " + name_of(run) + " is under way, begun by " +
                  run.asked.actor +
                  "; go on with it, or give it up with `rollback abort`");
  const auto now = gate();
  if (!now)
    return tl::unexpected(now.error());
  run.remarks.push_back(now_text() + " taken up again by " + asked.actor);
  auto again = false;
  for (auto &step : run.steps) {
    const auto strays = step.is_done && step.step == rollback_step::turn
                            ? strayed(run, *now)
                            : std::vector<std::string>();
    if (!strays.empty())
      run.remarks.push_back(joined(strays) + ", turned " + blame(*now));
    again = again || !strays.empty();
    if (again)
      step = {.step = step.step, .attempts = step.attempts};
    using enum db::processing_mode;
    if (step.step == rollback_step::drain && !step.is_done &&
        now->processing != draining && now->processing != drained)
      step.facts.erase("is_ordered");
  }
  auto detail = name_of(run) + " taken up again";
  return save(std::move(run), {.actor = asked.actor,
                               .reason = asked.reason,
                               .detail = std::move(detail)});
}

// -- the steps ---------------------------------------------------------------

rollback::result<rollback_run> rollback::advance(db::procedure_id id,
                                                 const std::string &actor) {
  auto last = newest();
  if (!last)
    return tl::unexpected(last.error());
  if (!*last || (*last)->id != id)
    return refuse("that is not the newest rollback");
  auto run = std::move(**last);
  auto *step = run.next_step();
  if (!run.is_open() || step == nullptr)
    return run;
  if (step->begun_at.empty())
    step->begun_at = now_text();
  const auto was_ordered = is_ordered(*step);
  const auto done = perform(run, *step, actor);
  if (!done)
    return tl::unexpected(done.error());
  if (!*done && was_ordered)
    return run;
  if (!*done)
    return save(std::move(run), {});
  step->is_done = true;
  step->ended_at = now_text();
  auto detail = name_of(run) + ": " + std::string(to_string(step->step));
  if (step->step == rollback_step::verify) {
    run.state = rollback_state::done;
    run.ended_at = step->ended_at;
    detail += run.is_proven ? " holds" : " does not hold";
  }
  db::procedure_note note{
      .actor = actor, .reason = run.asked.reason, .detail = std::move(detail)};
  return save(std::move(run), note);
}

rollback::result<bool> rollback::perform(rollback_run &run, step_record &step,
                                         const std::string &actor) {
  result<void> done;
  switch (step.step) {
  case rollback_step::check:
    done = check(run, step);
    break;
  case rollback_step::turn:
    done = turn(run, step, actor);
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

rollback::result<void> rollback::check(rollback_run &run, step_record &step) {
  ++step.attempts;
  const auto queue = passed_on(door_.ask<db::queue_depth>(count_queue));
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

rollback::result<void> rollback::turn(rollback_run &run, step_record &step,
                                      const std::string &actor) {
  ++step.attempts;
  return change(run, run.wanted, actor, step.facts);
}

rollback::result<void> rollback::change(const rollback_run &run,
                                        const dial_positions &to,
                                        const std::string &actor, json &facts) {
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

rollback::result<bool> rollback::drain(rollback_run &run, step_record &step,
                                       const std::string &actor) {
  const auto now = gate();
  if (!now)
    return tl::unexpected(now.error());
  if (const auto strays = strayed(run, *now); !strays.empty())
    return refuse(joined(strays) + ", turned " + blame(*now) +
                  "; apply the rollback again, or abort it");
  const auto queue = passed_on(door_.ask<db::queue_depth>(count_queue));
  if (!queue)
    return tl::unexpected(queue.error());
  step.facts["progress"] = progress_of(*queue, door_.health());
  using enum db::processing_mode;
  if (now->processing == draining)
    return false;
  if (now->processing == drained && waiting_in(*queue) == 0) {
    const auto proof = passed_on(
        door_.ask<std::optional<db::drain_certificate>>(look_at_proof));
    if (!proof)
      return tl::unexpected(proof.error());
    step.facts = {{"certificate", *proof ? facts_of(**proof) : json(nullptr)}};
    return true;
  }
  if (is_ordered(step)) {
    if (const auto given_up = give_up_drain(run, step, *now); !given_up)
      return tl::unexpected(given_up.error());
  }
  db::gate_change change;
  change.processing = draining;
  change.drain_within = run.asked.drain_within;
  change.actor = actor;
  change.reason = name_of(run);
  ++step.attempts;
  if (const auto made = door_.change_gate(change, patience_with_nodes); !made)
    return tl::unexpected(rollback_failure{.store = made.error()});
  step.facts["is_ordered"] = true;
  return false;
}

/// Always a failure: what has become of a drain that was ordered.
rollback::result<void> rollback::give_up_drain(rollback_run &run,
                                               step_record &step,
                                               const db::gate_state &gate) {
  step.facts.erase("is_ordered");
  const auto left = step.facts["progress"].value("left", 0L);
  // The service ends it by itself when its time is over.
  const auto is_overdue = gate.changed_by == "sluice";
  auto text = is_overdue
                  ? "the queue was not empty within " +
                        std::to_string(run.asked.drain_within.count()) + " s"
                  : "the drain was ended " + blame(gate);
  run.remarks.push_back(now_text() + ' ' + text);
  if (const auto saved = save(run, {}); !saved)
    return tl::unexpected(saved.error());
  return tl::unexpected(rollback_failure{
      .refusal = text + "; " + std::to_string(left) +
                 " left; apply the rollback again, or abort it",
      .is_overdue = is_overdue});
}

rollback::result<void> rollback::examine(rollback_run &run, step_record &step) {
  ++step.attempts;
  const auto now = gate();
  if (!now)
    return tl::unexpected(now.error());
  const auto queue = passed_on(door_.ask<db::queue_depth>(count_queue));
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
                              " items are worked on or wait in the queue");
  if (!books->is_balanced())
    run.open_points.push_back("the books don't balance: " +
                              std::to_string(books->fault_count) + " faults");
  run.is_proven = run.open_points.empty();
  return {};
}

// -- the end -----------------------------------------------------------------

rollback::result<rollback_run> rollback::abort(const std::string &actor,
                                               const std::string &reason) {
  auto last = newest();
  if (!last)
    return tl::unexpected(last.error());
  if (!*last || !(*last)->is_open())
    return refuse("no rollback is under way; one that is over is undone with "
                  "`rollback apply --undo`");
  auto run = std::move(**last);
  auto *step = run.next_step();
  if (step != nullptr && step->step != rollback_step::check)
    if (const auto turned =
            change(run, restorable(run.before), actor, step->facts);
        !turned)
      return tl::unexpected(turned.error());
  run.state = rollback_state::aborted;
  run.ended_at = now_text();
  run.remarks.push_back(run.ended_at + " given up by " + actor +
                        (reason.empty() ? "" : ": " + reason));
  auto detail = name_of(run) + " aborted";
  return save(std::move(run),
              {.actor = actor, .reason = reason, .detail = std::move(detail)});
}

rollback::result<rollback_run> rollback::verify() {
  auto last = newest();
  if (!last)
    return tl::unexpected(last.error());
  if (!*last)
    return refuse("there was no rollback");
  auto run = std::move(**last);
  if (run.state != rollback_state::done)
    return refuse("the last " + name_of(run) + " is " +
                  std::string(to_string(run.state)));
  auto &step = run.steps.back();
  step.begun_at = now_text();
  if (const auto seen = examine(run, step); !seen)
    return tl::unexpected(seen.error());
  step.ended_at = now_text();
  return run;
}

rollback::result<rollback_run> rollback::save(rollback_run run,
                                              const db::procedure_note &note) {
  const db::procedure changed{.id = run.id,
                              .kind = kind,
                              .is_open = run.is_open(),
                              .version = run.version,
                              .document = to_text(run)};
  const auto saved = passed_on(door_.ask<bool>([=](db::store &session) {
    return session.save_procedure(changed, note);
  }));
  if (!saved)
    return tl::unexpected(saved.error());
  if (*saved) {
    ++run.version;
    return run;
  }
  // Somebody else was first; what they saved is what holds.
  auto theirs = newest();
  if (!theirs)
    return tl::unexpected(theirs.error());
  if (!*theirs)
    return refuse("the record of the rollback is gone");
  return std::move(**theirs);
}

} // namespace sluice::actors
