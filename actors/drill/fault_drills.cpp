#include "actors/drill/fault_drills.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace sluice::actors {

namespace {

using clock = drill_stage::clock;
using fate = marked_event::fate;
using std::chrono::milliseconds;

/// All parts of that kind at a glance.
struct part_look {
  std::uint64_t restarts = 0;
  bool are_running = true;
};

part_look look_at(gateway &door, std::string_view part) {
  part_look seen;
  bool is_any = false;
  for (const auto &one : door.parts()) {
    if (one.name != part && !one.name.starts_with(std::string(part) + ' '))
      continue;
    is_any = true;
    seen.restarts += one.restarts;
    seen.are_running = seen.are_running && one.is_running;
  }
  seen.are_running = seen.are_running && is_any;
  return seen;
}

bool is_taken(const marked_event &one) {
  return one.told == fate::accepted || one.told == fate::created;
}

} // namespace

// -- a part dies -------------------------------------------------------------

void rehearse_kill(drill_stage &on, std::string_view part) {
  const auto name = std::string(part);
  const auto before = look_at(on.door(), part);
  on.say("sending events");
  on.load().begin(on.report().asked.events, on.limits().load);
  on.wait(on.limits().recovery, [&] {
    return on.load().taken() >= on.report().asked.events / 2 ||
           on.load().is_done();
  });
  const auto begun = clock::now();
  on.say("the " + name + " dies");
  if (!on.door().restart(part))
    return on.fail("there is no " + name + " to kill");
  auto now = before;
  const auto is_back = on.wait(on.limits().recovery, [&] {
    now = look_at(on.door(), part);
    return now.restarts > before.restarts && now.are_running;
  });
  on.note("restarts", now.restarts - before.restarts);
  if (!is_back && now.restarts == before.restarts)
    return on.fail("nobody noticed that the " + name + " died");
  if (!is_back)
    return on.fail("the " + name + " was not started again");
  on.note(
      "back_after_ms",
      std::chrono::duration_cast<milliseconds>(clock::now() - begun).count());
  on.say("the " + name + " runs again");
  if (!on.recover(begun, on.limits().recovery,
                  [&] { return on.is_all_there(); }))
    on.fail("events that were accepted did not arrive");
}

// -- items that nobody finishes ----------------------------------------------

namespace {

/// Whether nothing of the drill waits to be claimed any more.
bool is_nothing_pending(drill_stage &on) {
  const auto waiting = on.items(db::item_status::pending);
  return waiting && waiting->empty();
}

} // namespace

void rehearse_stuck_items(drill_stage &on) {
  const auto ghost = db::node_id::generate();
  on.faults().strand({.owner = on.report().owner, .node = ghost},
                     on.limits().fault);
  on.say("sending events that a node that is not there will claim");
  on.load().begin(on.report().asked.events, on.limits().load / 3);
  on.load().finish();
  on.door().poll_now();
  if (!on.wait(on.limits().recovery, [&] { return is_nothing_pending(on); }))
    return on.fail("items stayed unclaimed");
  on.faults().clear();
  const auto caught = on.faults().stranded();
  on.note("stuck_items", caught);
  on.note("ghost", ghost.to_string());
  on.say(std::to_string(caught) + " items are stuck");
  if (caught == 0)
    return on.fail("no item got stuck, so nothing was proven");
  const auto begun = clock::now();
  int rescued = 0;
  const auto is_well = on.recover(begun, on.limits().recovery, [&] {
    const auto found = on.door().rescue_now();
    rescued += found ? found->rescued : 0;
    on.door().poll_now();
    return on.is_all_there();
  });
  on.note("rescued", rescued);
  if (!is_well)
    on.fail("the rescue did not bring all of them back");
}

// -- the database is away ----------------------------------------------------

namespace {

/// What was told to those who came while it was away.
struct outage_answers {
  int refused = 0;
  int doubtful = 0;
};

outage_answers look_at_answers(const std::vector<marked_event> &sent,
                               std::size_t from) {
  outage_answers seen;
  for (auto at = from; at < sent.size(); ++at) {
    seen.refused += sent[at].told == fate::refused;
    seen.doubtful += sent[at].told == fate::doubtful;
  }
  return seen;
}

bool is_one_taken(drill_stage &on) {
  return is_taken(on.load().send(1).front());
}

void note_answers(drill_stage &on, std::size_t from) {
  const auto answers = look_at_answers(on.load().sent(), from);
  on.note("refused_meanwhile", answers.refused);
  if (answers.refused == 0)
    on.fail("no event was refused, so the outage was not felt");
  if (answers.doubtful > 0)
    on.fail(std::to_string(answers.doubtful) +
            " events got no clear answer while the database was away");
}

} // namespace

void rehearse_outage(drill_stage &on) {
  const auto span = on.limits().outage;
  on.say("sending events");
  on.load().begin(on.report().asked.events, span + on.limits().load);
  if (!on.wait(on.limits().recovery, [&] { return on.load().taken() > 0; }))
    return on.fail("no event was accepted before the outage");
  const auto before = on.load().sent().size();
  const auto end = clock::now() + span;
  on.faults().cut_off(span);
  on.say("this node has lost its database");
  bool is_seen = false;
  on.wait(2 * span, [&] {
    is_seen = is_seen || !on.door().health().database_is_up;
    return clock::now() >= end;
  });
  note_answers(on, before);
  on.note("outage_ms", span.count());
  on.note("seen_by_health", is_seen);
  if (!is_seen)
    on.fail("health did not say that the database was away");
  on.say("the database is back");
  if (!on.wait(on.limits().reopening, [&] { return is_one_taken(on); }))
    return on.fail("no event was accepted within " +
                   std::to_string(on.limits().reopening.count()) +
                   " ms after the outage");
  on.note("accepted_after_ms",
          std::chrono::duration_cast<milliseconds>(clock::now() - end).count());
  const auto is_well = on.recover(end, on.limits().recovery, [&] {
    return on.door().health().is_ready && on.is_all_there();
  });
  if (!is_well)
    on.fail("the service did not come back by itself");
}

// -- events that the log refuses ---------------------------------------------

std::optional<poison_plan> plan_poison(milliseconds first_wait,
                                       int max_attempts, milliseconds time) {
  poison_plan plan{.attempts = 0};
  auto wait = first_wait;
  while (plan.attempts < max_attempts) {
    ++plan.attempts;
    if (plan.attempts == max_attempts) {
      plan.ends_in_quarantine = true;
      return plan;
    }
    if (plan.waits + wait > time) {
      --plan.attempts;
      break;
    }
    plan.waits += wait;
    wait *= 2;
  }
  return plan.attempts > 0 ? std::optional(plan) : std::nullopt;
}

namespace {

std::vector<db::event_id> ids_of(const std::vector<db::new_event> &events) {
  std::vector<db::event_id> ids;
  ids.reserve(events.size());
  for (const auto &one : events)
    ids.push_back(one.id);
  return ids;
}

bool have_failed(drill_stage &on, const std::vector<db::event_id> &bad,
                 const poison_plan &plan) {
  if (!plan.ends_in_quarantine)
    return std::ranges::all_of(bad, [&](const auto &id) {
      return on.faults().refusals(id) >= plan.attempts;
    });
  const auto held = on.items(db::item_status::quarantined);
  return held && held->size() >= bad.size();
}

/// The good ones arrive while the bad ones fail.
bool are_apart(drill_stage &on, const std::vector<db::event_id> &bad) {
  const auto sent = on.load().sent();
  const auto there = on.arrived();
  return there && judge(sent, *there).lost.size() == bad.size();
}

void requeue(drill_stage &on, const std::vector<db::event_id> &bad) {
  const auto mark = mark_of(on.report());
  const auto &actor = on.report().asked.actor;
  const auto count = on.door().ask<int>([&, bad](db::store &session) {
    return session.requeue({.ids = bad, .actor = actor, .reason = mark});
  });
  on.note("requeued", count ? json(*count) : json(nullptr));
  on.door().poll_now();
}

} // namespace

void rehearse_poison(drill_stage &on) {
  const auto now = on.door().settings();
  const auto plan =
      plan_poison(now->processor.retry_backoff, now->processor.max_attempts,
                  on.limits().retries);
  if (!plan)
    return on.fail("processor.retry_backoff is too long for a drill");
  auto poisoned =
      on.load().make(std::clamp(on.report().asked.events / 20, 1, 10));
  const auto bad = ids_of(poisoned);
  on.note("poisoned", bad.size());
  on.note("attempts", plan->attempts);
  on.note("checked", plan->ends_in_quarantine ? "quarantine and requeue"
                                              : "retries and healing");
  on.faults().poison({bad.begin(), bad.end()}, on.limits().fault);
  on.say("sending events, " + std::to_string(bad.size()) + " of them poisoned");
  on.load().send(std::move(poisoned));
  on.load().begin(on.report().asked.events, on.limits().load / 3);
  on.load().finish();
  if (!on.wait(on.limits().recovery, [&] { return are_apart(on, bad); }))
    return on.fail("good events did not arrive beside poisoned ones");
  on.say("the good ones have arrived");
  if (!on.wait(plan->waits + on.limits().recovery,
               [&] { return have_failed(on, bad, *plan); }))
    return on.fail(plan->ends_in_quarantine
                       ? "poisoned events did not go to quarantine"
                       : "poisoned events were not tried again");
  const auto begun = clock::now();
  on.faults().clear();
  on.say("the poison is gone");
  if (plan->ends_in_quarantine)
    requeue(on, bad);
  if (!on.recover(begun, plan->waits + on.limits().recovery,
                  [&] { return on.is_all_there(); }))
    on.fail("events were not healed");
}

} // namespace sluice::actors
