#include "actors/drill/dial_drills.hpp"

#include <algorithm>
#include <thread>

#include "actors/rollback/looks.hpp"
#include "actors/rollback/rollback.hpp"

namespace sluice::actors {

namespace {

using clock = drill_stage::clock;
using fate = marked_event::fate;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds patience_with_nodes{2'000};
constexpr milliseconds step_interval{20};
constexpr int probes = 20;

/// All of these are answered so.
bool expect_answers(drill_stage &on, fate wanted, const char *name) {
  const auto answers = on.load().send(probes);
  const auto others = std::ranges::count_if(
      answers, [&](const auto &one) { return one.told != wanted; });
  if (others > 0)
    on.fail(std::to_string(others) + " of " + std::to_string(probes) +
            " events were not answered " + name);
  return others == 0;
}

db::result<gate_answer> turn_ingest(gateway &door, const drill_report &report,
                                    db::ingest_mode mode,
                                    std::int64_t expected) {
  db::gate_change change;
  change.ingest = mode;
  // The dials go back by themselves if nobody turns them back.
  if (mode == db::ingest_mode::sync)
    change.resume_after = drill_limits().fault;
  change.expected_version = expected;
  change.actor = report.asked.actor;
  change.reason = mark_of(report);
  return door.change_gate(change, patience_with_nodes);
}

db::result<db::gate_state> read_gate(gateway &door) {
  return door.ask<db::gate_state>(
      [](db::store &session) { return session.gate(); });
}

} // namespace

// -- past the queue and back -------------------------------------------------

void rehearse_sync_roundtrip(drill_stage &on) {
  auto &door = on.door();
  const auto before = read_gate(door);
  if (!before)
    return on.fail("the gate could not be read: " + before.error().text);
  on.say("sending events");
  on.load().begin(on.report().asked.events, on.limits().load);
  on.wait(on.limits().recovery, [&] { return on.load().taken() > 0; });
  const auto there =
      turn_ingest(door, on.report(), db::ingest_mode::sync, before->version);
  if (!there || !there->is_made)
    return on.fail("the gate could not be turned to sync: " +
                   (there ? "somebody else was first" : there.error().text));
  on.note("nodes_behind", there->behind);
  on.say("events go straight into the log");
  if (!expect_answers(on, fate::created, "created"))
    return;
  const auto begun = clock::now();
  const auto back = turn_ingest(door, on.report(), db::ingest_mode::async,
                                there->state.version);
  if (!back || !back->is_made)
    return on.fail("the gate could not be turned back: " +
                   (back ? "somebody else was first" : back.error().text));
  on.say("events go through the queue again");
  if (!expect_answers(on, fate::accepted, "accepted"))
    return;
  if (!on.recover(begun, on.limits().recovery,
                  [&] { return on.is_all_there(); }))
    on.fail("events that were accepted did not arrive");
}

std::optional<std::string> put_back_ingest(gateway &door,
                                           const drill_report &report) {
  const auto now = read_gate(door);
  if (!now)
    return now.error().text;
  if (now->reason != mark_of(report) || now->ingest != db::ingest_mode::sync)
    return std::nullopt;
  const auto back =
      turn_ingest(door, report, db::ingest_mode::async, now->version);
  return back ? std::nullopt : std::optional(back.error().text);
}

// -- a rollback and its undoing ----------------------------------------------

namespace {

std::string text_of(const rollback_failure &why) {
  return why.store ? why.store->text : why.refusal;
}

rollback_request ask_for(const drill_report &report, rollback_target target,
                         milliseconds limit) {
  return {.target = target,
          .drain_within = std::chrono::ceil<seconds>(limit),
          .actor = report.asked.actor,
          .reason = mark_of(report)};
}

/// Goes on until it is over; what it came to.
rollback::result<rollback_run>
carry_out(rollback &way, const rollback_request &asked,
          const std::function<bool()> &is_to_end) {
  auto run = way.begin(asked);
  while (run && run->is_open()) {
    if (is_to_end())
      return tl::unexpected(rollback_failure{.refusal = "it took too long"});
    run = way.advance(run->id, asked.actor);
    std::this_thread::sleep_for(step_interval);
  }
  return run;
}

/// False, and told, when it is not proven.
bool carry_out(drill_stage &on, rollback_target target, const char *name) {
  rollback way(on.door());
  const auto deadline = clock::now() + 2 * on.limits().recovery;
  const auto run =
      carry_out(way, ask_for(on.report(), target, on.limits().recovery),
                [&] { return on.is_ended() || clock::now() > deadline; });
  if (!run) {
    on.fail(std::string(name) +
            " did not get through: " + text_of(run.error()));
    return false;
  }
  for (const auto &point : run->open_points)
    on.fail(std::string(name) + " does not hold: " + point);
  if (!run->is_proven && run->open_points.empty())
    on.fail(std::string(name) + " is not proven");
  return run->is_proven;
}

} // namespace

void rehearse_rollback(drill_stage &on) {
  on.say("sending events");
  on.load().begin(on.report().asked.events, on.limits().load);
  on.wait(on.limits().recovery, [&] { return on.load().taken() > 0; });
  const auto begun = clock::now();
  on.say("rolling back to sync");
  if (!carry_out(on, rollback_target::sync, "the rollback"))
    return;
  on.note(
      "there_after_ms",
      std::chrono::duration_cast<milliseconds>(clock::now() - begun).count());
  if (!expect_answers(on, fate::created, "created"))
    return;
  const auto turned = clock::now();
  on.say("proven; undoing it");
  if (!carry_out(on, rollback_target::undo, "its undoing"))
    return;
  if (!expect_answers(on, fate::accepted, "accepted"))
    return;
  if (!on.recover(turned, on.limits().recovery,
                  [&] { return on.is_all_there(); }))
    on.fail("events that were accepted did not arrive");
}

std::optional<std::string> put_back_rollback(gateway &door,
                                             const drill_report &report) {
  rollback way(door);
  const auto last = way.newest();
  if (!last)
    return text_of(last.error());
  const auto is_ours = *last && (*last)->asked.reason == mark_of(report);
  if (!is_ours)
    return std::nullopt;
  const auto is_undoing = (*last)->asked.target == rollback_target::undo;
  if (is_undoing && !(*last)->is_open())
    return std::nullopt;
  const auto limit = drill_limits().recovery;
  if ((*last)->is_open() && !is_undoing) {
    const auto given_up = way.abort(report.asked.actor, mark_of(report));
    return given_up ? std::nullopt : std::optional(text_of(given_up.error()));
  }
  const auto gate = read_gate(door);
  if (!gate)
    return gate.error().text;
  const auto is_as_left =
      differences(positions_of(*gate), (*last)->wanted).empty();
  if (!is_undoing && ((*last)->state == rollback_state::aborted || !is_as_left))
    return std::nullopt;
  const auto deadline = clock::now() + limit;
  const auto undone =
      carry_out(way, ask_for(report, rollback_target::undo, limit),
                [&] { return clock::now() > deadline; });
  return undone ? std::nullopt : std::optional(text_of(undone.error()));
}

} // namespace sluice::actors
