#include <algorithm>

#include <catch2/catch.hpp>

#include "actors/rollback/rollback.hpp"
#include "tests/actors/drill/fixture.hpp"

using namespace sluice;
using namespace sluice::actors;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

const auto every_drill = {drill_kind::kill_worker, drill_kind::kill_poller,
                          drill_kind::stuck_items, drill_kind::db_outage,
                          drill_kind::poison,      drill_kind::sync_roundtrip,
                          drill_kind::rollback,    drill_kind::slow_endpoint};

} // namespace

TEST_CASE_METHOD(drill_fixture, "a drill passes on a sound service, and "
                                "leaves nothing") {
  const auto kind = GENERATE(values(every_drill));
  INFO(to_string(kind));
  REQUIRE(service.door().accept(make_events(owner.id(), 10)));
  const auto report = hold(kind);
  CHECK(report.state == drill_state::passed);
  CHECK(report.reasons.empty());
  CHECK(report.recovery);
  CHECK(report.events.accepted > 0);
  CHECK(report.events.arrived >= report.events.accepted);
  CHECK(report.events.is_clean());
  CHECK(report.is_cleaned_up);
  CHECK(eventually([&] { return count(stored) == 10; }));
  check_is_clean();
  CHECK(count("SELECT count(*) FROM audit_log WHERE action = 'drill'"
              " AND actor = 'ann' AND reason = 'a test'") == 2);
  const auto history = drills.history(10);
  REQUIRE(history);
  REQUIRE(history->size() == 1);
  CHECK(history->front().state == drill_state::passed);
}

// -- none passes when what it is about is broken -----------------------------

TEST_CASE_METHOD(drill_fixture, "no drill passes when events are lost") {
  const auto kind = GENERATE(values(every_drill));
  INFO(to_string(kind));
  wrong->loses = true;
  const auto report = hold(kind);
  CHECK(report.state == drill_state::failed);
  CHECK(has_reason(report, "accepted and not in the inbox"));
  CHECK_FALSE(report.events.lost.empty());
  wrong->loses = false;
  check_is_clean();
}

TEST_CASE_METHOD(drill_fixture, "no drill passes when events are doubled") {
  const auto kind = GENERATE(values(every_drill));
  INFO(to_string(kind));
  wrong->doubles = true;
  const auto report = hold(kind);
  CHECK(report.state == drill_state::failed);
  CHECK(has_reason(report, "there more than once"));
  check_is_clean();
}

TEST_CASE_METHOD(drill_fixture, "stuck-items fails when nobody is rescued") {
  wrong->never_rescues = true;
  const auto report = hold(drill_kind::stuck_items);
  CHECK(report.state == drill_state::failed);
  CHECK_FALSE(report.recovery);
  CHECK(has_reason(report, "the rescue did not bring all of them back"));
  CHECK_FALSE(report.events.lost.empty());
  check_is_clean();
}

TEST_CASE_METHOD(drill_fixture, "poison fails when nothing is requeued") {
  wrong->never_requeues = true;
  const auto report = hold(drill_kind::poison);
  CHECK(report.state == drill_state::failed);
  CHECK_FALSE(report.recovery);
  CHECK(has_reason(report, "events were not healed"));
  check_is_clean();
}

TEST_CASE_METHOD(drill_fixture, "db-outage fails when the service stays away") {
  begin(drill_kind::db_outage);
  REQUIRE(eventually([&] { return !service.door().health().database_is_up; }));
  wrong->stays_away = true;
  CHECK(eventually([&] {
    const auto now = drills.newest();
    return now && *now && has_reason(**now, "no event was accepted within");
  }));
  wrong->stays_away = false;
  const auto report = ended();
  CHECK(report.state == drill_state::failed);
  CHECK_FALSE(report.recovery);
  check_is_clean();
}

TEST_CASE_METHOD(drill_fixture, "sync-roundtrip fails when events still go "
                                "through the queue") {
  wrong->never_created = true;
  const auto report = hold(drill_kind::sync_roundtrip);
  CHECK(report.state == drill_state::failed);
  CHECK(has_reason(report, "20 of 20 events were not answered created"));
  check_is_clean();
}

TEST_CASE_METHOD(drill_fixture, "rollback fails when the queue is never "
                                "empty, and is given up") {
  wrong->never_drained = true;
  const auto report = hold(drill_kind::rollback);
  CHECK(report.state == drill_state::failed);
  CHECK(has_reason(report, "the rollback did not get through"));
  check_is_clean();
}

// -- when it is held ---------------------------------------------------------

TEST_CASE_METHOD(drill_fixture, "a drill is refused while the dials are not "
                                "normal, even by force") {
  REQUIRE(service.door().change_gate(
      {.processing = db::processing_mode::paused, .actor = "eve"}, 2s));
  REQUIRE(eventually([&] {
    return service.door().health().gate.state.processing ==
           db::processing_mode::paused;
  }));
  const auto refused =
      drills.begin({.kind = drill_kind::poison, .is_forced = true});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text ==
        "the dials are not normal: ingest is async, processing paused");
  CHECK(count("SELECT count(*) FROM procedures") == 0);
}

TEST_CASE_METHOD(drill_fixture, "one drill at a time") {
  begin(drill_kind::db_outage);
  const auto second = drills.begin({.kind = drill_kind::poison});
  REQUIRE_FALSE(second);
  CHECK(second.error().text == "db-outage is under way");
  CHECK(ended().state == drill_state::passed);
}

TEST_CASE_METHOD(drill_fixture, "a slow endpoint that starves others fails "
                                "the drill") {
  wrong->starves_others = true;
  const auto report = hold(drill_kind::slow_endpoint);
  CHECK(report.state == drill_state::failed);
  CHECK(has_reason(report, "held up another one"));
  check_is_clean();
}

TEST_CASE_METHOD(drill_fixture, "results of deliveries that get lost fail the "
                                "drill") {
  wrong->forgets_results = true;
  const auto report = hold(drill_kind::slow_endpoint);
  CHECK(report.state == drill_state::failed);
  check_is_clean();
}

TEST_CASE_METHOD(drill_fixture, "parts are not killed until the service "
                                "gives up") {
  for (int turn = 0; turn < 3; ++turn)
    CHECK(hold(drill_kind::kill_poller, 20).state == drill_state::passed);
  const auto refused = drills.begin({.kind = drill_kind::kill_worker});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.starts_with("3 parts were killed within 60 s"));
}

// -- when it ends early ------------------------------------------------------

TEST_CASE_METHOD(drill_fixture, "a service that stops cleans up first") {
  const auto kind = GENERATE(values(every_drill));
  INFO(to_string(kind));
  begin(kind);
  REQUIRE(eventually([&] {
    const auto now = drills.newest();
    return now && *now && (*now)->steps.size() >= 2;
  }));
  drills.stop();
  CHECK(count("SELECT count(*) FROM procedures"
              " WHERE kind = 'drill' AND NOT is_open") == 1);
  check_is_clean();
  CHECK_FALSE(drills.begin({.kind = kind}));
}

TEST_CASE_METHOD(drill_fixture, "what a dead service left is cleaned up at "
                                "the next start") {
  const auto kind = GENERATE(drill_kind::sync_roundtrip, drill_kind::rollback,
                             drill_kind::stuck_items);
  INFO(to_string(kind));
  drill_report left;
  left.id = db::procedure_id::generate();
  left.asked = {.kind = kind, .actor = "ann"};
  left.life = db::node_id::generate();
  left.owner = db::organization_id::generate();
  auto tenant = make_tenant("sluice drill");
  tenant.owner.id = left.owner;
  tenant.key.organization = left.owner;
  auto session = store->connect();
  value_of(session->create_organization(tenant.owner, tenant.key));
  value_of(session->begin_procedure(
      {.id = left.id, .kind = "drill", .document = to_text(to_json(left))},
      {}));
  REQUIRE(service.door().accept(make_events(left.owner, 5)));
  if (kind == drill_kind::sync_roundtrip)
    REQUIRE(service.door().change_gate({.ingest = db::ingest_mode::sync,
                                        .resume_after = 60s,
                                        .actor = "ann",
                                        .reason = mark_of(left)},
                                       2s));
  if (kind == drill_kind::rollback) {
    rollback way(service.door());
    auto run = way.begin({.actor = "ann", .reason = mark_of(left)});
    const auto ends_at = GENERATE(1, 2, 100);
    for (int step = 0; run && run->is_open() && step < ends_at; ++step)
      run = way.advance(run->id, "ann");
    REQUIRE(run);
  }
  drills.tidy_up_soon();
  const auto report = ended();
  CHECK(report.id == left.id);
  CHECK(report.state == drill_state::interrupted);
  CHECK(report.is_cleaned_up);
  check_is_clean();
}

TEST_CASE_METHOD(drill_fixture, "a drill on a node that lives is left alone") {
  drill_report theirs;
  theirs.id = db::procedure_id::generate();
  theirs.life = db::node_id::generate();
  theirs.node = "node-b";
  theirs.owner = db::organization_id::generate();
  // SQLite forgets other nodes at each enlisting, so this one is our own.
  theirs.life = self.id;
  drill_runner other({.door = service.door(),
                      .faults = drillable->faults(),
                      .self = make_node("node-c"),
                      .limits = quick_limits()});
  auto session = store->connect();
  value_of(session->begin_procedure(
      {.id = theirs.id, .kind = "drill", .document = to_text(to_json(theirs))},
      {}));
  const auto refused = other.begin({.kind = drill_kind::poison});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text == "kill-worker is under way on node-b");
}
