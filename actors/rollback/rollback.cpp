#include "actors/rollback/rollback.hpp"

#include <utility>

#include "actors/rollback/common.hpp"
#include "actors/rollback/steps.hpp"

namespace sluice::actors {

namespace {

std::string sum_up(const db::queue_depth &queue) {
  return "pending=" + std::to_string(queue.pending) +
         " processing=" + std::to_string(queue.processing) +
         " quarantined=" + std::to_string(queue.quarantined);
}

bool can_be_undone(const rollback_run &last) {
  return last.state == rollback_state::done &&
         last.asked.target != rollback_target::undo;
}

/// Where an undo leads. Of rollbacks that follow each other it is where the
/// first began: who repeats one, not knowing how it ended, loses no way back.
dial_positions origin(const std::optional<rollback_run> &last,
                      const dial_positions &now) {
  const auto holds =
      last && can_be_undone(*last) && differences(now, last->wanted).empty();
  return holds ? last->before : now;
}

/// Steps that do not hold any more, as the dials stand now, are to be done
/// again.
void reopen(rollback_run &run, const db::gate_state &now) {
  using enum db::processing_mode;
  auto *turn = run.find(rollback_step::turn);
  const auto strays =
      turn->is_done ? strayed(run, now) : std::vector<std::string>();
  if (!strays.empty()) {
    run.remarks.push_back(joined(strays, ", ") + ", turned " + blame(now));
    for (auto *step = turn; step != run.steps.data() + run.steps.size(); ++step)
      *step = {.step = step->step, .attempts = step->attempts};
  }
  if (auto *drain = run.find(rollback_step::drain);
      drain && now.processing != draining && now.processing != drained)
    drain->facts.erase("is_ordered");
}

} // namespace

rollback::result<std::optional<rollback_run>> rollback::newest() {
  auto kept = door_.ask<std::vector<db::procedure>>(
      [](db::store &session) { return session.procedures(rollback_kind, 1); });
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
  const auto now = look_at_gate(door_);
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

rollback::result<rollback_scene> rollback::look_around() {
  rollback_scene scene;
  const auto queue = count_queue(door_);
  if (!queue)
    return tl::unexpected(queue.error());
  scene.queue = *queue;
  const auto gate = look_at_gate(door_);
  if (!gate)
    return tl::unexpected(gate.error());
  scene.gate = *gate;
  scene.sample = door_.health();
  const auto started = std::chrono::steady_clock::now();
  const auto books = passed_on(door_.verify(faults_named));
  if (!books)
    return tl::unexpected(books.error());
  scene.books = *books;
  scene.check_took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started);
  const auto nodes = passed_on(door_.ask<std::vector<db::node_view>>(
      [](db::store &session) { return session.nodes(); }));
  if (!nodes)
    return tl::unexpected(nodes.error());
  for (const auto &one : *nodes)
    if (one.silent_for > door_.settings()->node.dead_after)
      scene.silent_nodes.push_back(one.who.name);
  return scene;
}

rollback::result<json> rollback::plan(const rollback_request &asked) {
  const auto last = newest();
  if (!last)
    return tl::unexpected(last.error());
  const auto drafted = draft(asked, *last);
  if (!drafted)
    return tl::unexpected(drafted.error());
  const auto scene = look_around();
  if (!scene)
    return tl::unexpected(scene.error());
  auto plan = plan_of(*drafted, *scene);
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
  const auto queue = count_queue(door_);
  if (!queue)
    return tl::unexpected(queue.error());
  const db::procedure fresh{
      .id = run->id, .kind = rollback_kind, .document = to_text(to_json(*run))};
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
  const auto now = look_at_gate(door_);
  if (!now)
    return tl::unexpected(now.error());
  run.remarks.push_back(now_text() + " taken up again by " + asked.actor);
  reopen(run, *now);
  auto detail = name_of(run) + " taken up again";
  return save(std::move(run), {.actor = asked.actor,
                               .reason = asked.reason,
                               .detail = std::move(detail)});
}

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
  const auto done = rollback_steps(door_).perform(run, *step, actor);
  if (!done) {
    // What it found is kept; whether that succeeds changes nothing.
    if (!done.error().store)
      static_cast<void>(save(std::move(run), {}));
    return tl::unexpected(done.error());
  }
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
    if (const auto turned = rollback_steps(door_).change(
            run, restorable(run.before), actor, step->facts);
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
  if (const auto seen = rollback_steps(door_).examine(run, step); !seen)
    return tl::unexpected(seen.error());
  step.ended_at = now_text();
  return run;
}

rollback::result<rollback_run> rollback::save(rollback_run run,
                                              const db::procedure_note &note) {
  const db::procedure changed{.id = run.id,
                              .kind = rollback_kind,
                              .is_open = run.is_open(),
                              .version = run.version,
                              .document = to_text(to_json(run))};
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
