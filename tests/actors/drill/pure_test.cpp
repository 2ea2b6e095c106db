#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "actors/drill/fault_drills.hpp"
#include "actors/drill/readiness.hpp"
#include "tests/support/factories.hpp"
#include "tests/support/fake_gateway.hpp"

using namespace sluice;
using namespace sluice::actors;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

using fate = marked_event::fate;

health_sample good_health() {
  health_sample seen;
  seen.is_ready = true;
  seen.database_is_up = true;
  seen.gate.is_known = true;
  return seen;
}

/// A gateway with one poller, that dies as the test says.
struct dying_gateway : fake_gateway {
  explicit dying_gateway(part_view after) : left(std::move(after)) {
    part_list = {{.name = "poller", .is_running = true}};
    sample = good_health();
  }
  bool restart(std::string_view child) override {
    part_list = {left};
    return fake_gateway::restart(child);
  }
  part_view left;
};

drill_report rehearse_kill_on(fake_gateway &door, std::string_view part) {
  drill_report report;
  report.asked.events = 50;
  report.owner = make_tenant().id();
  drill_faults faults;
  const drill_limits limits{.recovery = 100ms, .load = 20ms};
  drill_stage on({.door = door,
                  .faults = faults,
                  .limits = limits,
                  .end = {},
                  .publish = [](const auto &) {}},
                 report);
  rehearse_kill(on, part);
  return report;
}

} // namespace

TEST_CASE("a drill's events are held against what arrived") {
  std::vector<marked_event> sent;
  for (auto told :
       {fate::accepted, fate::created, fate::accepted, fate::refused,
        fate::refused, fate::doubtful, fate::doubtful})
    sent.push_back({db::event_id::generate(), told});
  const auto nobodys = db::event_id::generate();
  // One is lost, one doubled, one refused is there, and one of nobody's.
  const auto found = judge(sent, {nobodys, sent[0].id, sent[1].id, sent[0].id,
                                  sent[3].id, sent[5].id});
  CHECK(found.accepted == 3);
  CHECK(found.refused == 2);
  CHECK(found.doubtful == 2);
  CHECK(found.arrived == 5);
  CHECK(found.lost == std::vector{sent[2].id});
  CHECK(found.doubled == std::vector{sent[0].id});
  CHECK(found.strange == std::vector{sent[3].id, nobodys});
  CHECK_FALSE(found.is_clean());
  CHECK(judge({sent[0], sent[5]}, {sent[0].id}).is_clean());
}

TEST_CASE("a part that nobody misses fails the drill") {
  dying_gateway door({.name = "poller", .is_running = true});
  const auto report = rehearse_kill_on(door, "poller");
  CHECK(report.reasons ==
        std::vector<std::string>{"nobody noticed that the poller died"});
  CHECK_FALSE(report.recovery);
}

TEST_CASE("a part that stays dead fails the drill") {
  dying_gateway door({.name = "poller", .is_running = false, .restarts = 1});
  const auto report = rehearse_kill_on(door, "poller");
  CHECK(report.reasons ==
        std::vector<std::string>{"the poller was not started again"});
  CHECK_FALSE(report.recovery);
}

TEST_CASE("a part that comes back passes the drill") {
  dying_gateway door({.name = "poller", .is_running = true, .restarts = 1});
  const auto report = rehearse_kill_on(door, "poller");
  CHECK(report.reasons.empty());
  CHECK(report.recovery);
}

TEST_CASE("poison is given no more attempts than there is time for") {
  const auto all = plan_poison(1s, 5, 20s);
  REQUIRE(all);
  CHECK(all->attempts == 5);
  CHECK(all->ends_in_quarantine);
  CHECK(all->waits == 15s);
  const auto some = plan_poison(1s, 5, 7s);
  REQUIRE(some);
  CHECK(some->attempts == 3);
  CHECK_FALSE(some->ends_in_quarantine);
  CHECK(some->waits == 7s);
  CHECK_FALSE(plan_poison(10s, 5, 7s));
  const auto one = plan_poison(10s, 1, 7s);
  REQUIRE(one);
  CHECK(one->ends_in_quarantine);
}

TEST_CASE("a fault ends by itself") {
  drill_faults faults;
  const auto id = db::event_id::generate();
  faults.cut_off(0ms);
  faults.poison({id}, 0ms);
  faults.strand({}, 0ms);
  CHECK_FALSE(faults.is_cut_off());
  CHECK_FALSE(faults.refuse(id));
  CHECK_FALSE(faults.ghost());
  faults.cut_off(1h);
  faults.poison({id}, 1h);
  faults.strand({}, 1h);
  CHECK(faults.is_cut_off());
  CHECK(faults.refuse(id));
  CHECK(faults.refusals(id) == 1);
  CHECK_FALSE(faults.refuse(db::event_id::generate()));
  CHECK(faults.ghost());
  faults.clear();
  CHECK_FALSE(faults.is_cut_off());
  CHECK_FALSE(faults.refuse(id));
  CHECK_FALSE(faults.ghost());
}

TEST_CASE("a fault about claims waits for the move that is under way") {
  drill_faults faults;
  const auto about = GENERATE("poison", "strand");
  auto leave = faults.may_move();
  REQUIRE(leave);
  std::atomic<bool> is_moved{false};
  bool was_moved = false;
  std::thread drill([&] {
    if (std::string_view(about) == "poison")
      faults.poison({db::event_id::generate()}, 1h);
    else
      faults.strand({}, 1h);
    was_moved = is_moved;
  });
  // Time enough for it to do without waiting, which it must not.
  std::this_thread::sleep_for(20ms);
  is_moved = true;
  leave.reset();
  drill.join();
  CHECK(was_moved);
  CHECK_FALSE(faults.may_move());
  faults.clear();
  CHECK(faults.may_move());
}

TEST_CASE("what is not well keeps a drill from being held") {
  auto seen = good_health();
  CHECK(complaints(seen, {{.name = "poller", .is_running = true}}).empty());
  seen.queue_level = health_level::warning;
  CHECK(complaints(seen, {}).empty());
  seen.queue_level = health_level::critical;
  seen.depth.pending = 2000;
  seen.ledger = {.was_checked = true, .is_balanced = false};
  CHECK(complaints(seen, {{.name = "poller"}}) ==
        std::vector<std::string>{"the queue is long: 2000 pending",
                                 "the books don't balance",
                                 "poller is not running"});
  seen.database_is_up = false;
  CHECK(complaints(seen, {}).front() == "the database is away");
}

TEST_CASE("a drill that could not end is not begun") {
  const auto seen = good_health();
  config::settings held;
  CHECK_FALSE(obstacle_to({.kind = drill_kind::stuck_items}, seen, held));
  held.processor.max_attempts = 1;
  CHECK(obstacle_to({.kind = drill_kind::stuck_items}, seen, held));
  held.processor.max_attempts = 5;
  held.processor.retry_backoff = 1h;
  CHECK(obstacle_to({.kind = drill_kind::poison}, seen, held));
  auto paused = seen;
  paused.gate.state.delivery = db::delivery_mode::paused;
  CHECK(obstacle_to({.kind = drill_kind::slow_endpoint}, paused, held));
  CHECK_FALSE(obstacle_to({.kind = drill_kind::slow_endpoint}, seen, held));
  CHECK(obstacle_to({.kind = drill_kind::poison}, health_sample(), {}));
}

TEST_CASE("a drill's record is read as it was written") {
  drill_report report;
  report.id = db::procedure_id::generate();
  report.asked = {.kind = drill_kind::db_outage,
                  .events = 77,
                  .is_forced = true,
                  .actor = "ann",
                  .reason = ""};
  report.state = drill_state::failed;
  report.owner = db::organization_id::generate();
  report.recovery = 12ms;
  report.events.lost = {db::event_id::generate()};
  report.reasons = {"it rained"};
  report.facts["outage_ms"] = 3000;
  const auto text = to_text(to_json(report));
  const auto parse = [&](const std::string &document) {
    return parse_drill(
        {.id = report.id, .kind = "drill", .version = 3, .document = document});
  };
  const auto read = parse(text);
  REQUIRE(read);
  CHECK(read->version == 3);
  CHECK(to_text(to_json(*read)) == text);
  CHECK_FALSE(parse("{}"));
  CHECK_FALSE(parse("no JSON"));
}
