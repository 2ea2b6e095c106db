#include "actors/control/gate.hpp"

#include <atomic>

#include <catch2/catch.hpp>

#include "tests/actors/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;
using db::ingest_mode;
using db::processing_mode;

namespace {

/// A running service; its gate is turned from outside.
struct gate_fixture : faulty_fixture {
  explicit gate_fixture(const config::settings &settings = quick_settings())
      : service({.source = source,
                 .self = make_node(),
                 .settings = settings,
                 .on_escalation = [] {}}) {
    REQUIRE(eventually([&] { return door().health().gate.is_known; }));
  }

  actors::gateway &door() { return service.door(); }

  actors::gate_answer turn(db::gate_change change) {
    change.actor = "ann";
    auto done = door().change_gate(std::move(change), 2s);
    REQUIRE(done);
    return *done;
  }
  actors::gate_answer set_mode(ingest_mode mode) {
    db::gate_change change;
    change.ingest = mode;
    return turn(std::move(change));
  }
  actors::gate_answer set_processing(processing_mode mode) {
    db::gate_change change;
    change.processing = mode;
    return turn(std::move(change));
  }

  db::result<db::accept_outcome> accept_one() {
    auto reply = door().accept(make_events(owner.id(), 1));
    REQUIRE(reply);
    return reply->front();
  }

  actors::runtime service;
};

/// Each item is a claim of its own.
struct single_fixture : gate_fixture {
  single_fixture() : gate_fixture(single_settings()) {}
  ~single_fixture() { plan().let_go(); }

  static config::settings single_settings() {
    auto settings = quick_settings();
    settings.processor.batch_size = 1;
    return settings;
  }
};

constexpr char waiting[] = "SELECT count(*) FROM event_queue";

} // namespace

TEST_CASE_METHOD(gate_fixture, "a mode holds from the moment it has returned") {
  for (int round = 0; round < 20; ++round) {
    CHECK(set_mode(ingest_mode::sync).is_made);
    CHECK(accept_one()->what == db::accept_outcome::kind::created);
    CHECK(set_mode(ingest_mode::reject).is_made);
    CHECK(accept_one().error().code == db::errc::closed);
    CHECK(set_mode(ingest_mode::async).is_made);
    CHECK(accept_one()->what == db::accept_outcome::kind::accepted);
  }
}

TEST_CASE_METHOD(gate_fixture, "a change names the nodes that are behind") {
  CHECK(eventually([&] { return count("SELECT count(*) FROM nodes") == 1; }));
  CHECK(set_mode(ingest_mode::sync).behind.empty());
  store->execute("INSERT INTO nodes (id, name, version, started_at, "
                 "heartbeat_at, gate_version) SELECT "
                 "'00000000-0000-7000-8000-000000000000', 'other', '0', "
                 "started_at, heartbeat_at + 3600000000, 0 FROM nodes");
  auto answer = door().change_gate({.ingest = ingest_mode::async}, 100ms);
  REQUIRE(answer);
  CHECK(answer->is_made);
  CHECK(answer->behind == std::vector<std::string>{"other"});
}

TEST_CASE_METHOD(gate_fixture, "behind a pause nothing is claimed") {
  set_processing(processing_mode::paused);
  for (int n = 0; n < 5; ++n)
    CHECK(accept_one());
  CHECK(door().health().gate.state.processing == processing_mode::paused);
  door().poll_now();
  CHECK(count(waiting) == 5);
  CHECK(count("SELECT count(*) FROM event_queue WHERE status = 'processing'") ==
        0);
  set_processing(processing_mode::running);
  CHECK(eventually([&] { return count(stored) == 5; }));
}

TEST_CASE_METHOD(single_fixture,
                 "after a pause, a claim that lasts holds up none but itself") {
  set_processing(processing_mode::paused);
  plan().hold("move", 2);
  for (int n = 0; n < 2; ++n)
    CHECK(accept_one());
  set_processing(processing_mode::running);
  CHECK(eventually([&] { return plan().holding() == 2; }));
  plan().let_go();
  CHECK(eventually([&] { return count(stored) == 2; }));
}

TEST_CASE_METHOD(gate_fixture, "a drain ends by itself, with its proof") {
  set_processing(processing_mode::paused);
  for (int n = 0; n < 30; ++n)
    CHECK(accept_one());
  set_processing(processing_mode::draining);
  CHECK(eventually([&] {
    return door().health().gate.state.processing == processing_mode::drained;
  }));
  CHECK(count(stored) == 30);
  auto proof = door().ask<std::optional<db::drain_certificate>>(
      [](db::store &session) { return session.last_drain(); });
  REQUIRE(proof);
  REQUIRE(*proof);
  CHECK((*proof)->waiting_before == 30);
  CHECK((*proof)->stored == 30);
  CHECK((*proof)->is_balanced());
}

TEST_CASE_METHOD(gate_fixture, "a drain that does not end is given up") {
  set_processing(processing_mode::paused);
  CHECK(accept_one());
  // An item that is not due for long keeps the queue from being empty.
  store->execute("UPDATE event_queue SET not_before = 4102444800000000");
  turn({.processing = processing_mode::draining, .drain_within = 50ms});
  CHECK(eventually([&] {
    return door().health().gate.state.processing == processing_mode::running;
  }));
  CHECK(count(waiting) == 1);
}

TEST_CASE_METHOD(gate_fixture, "dials that were turned for a while turn back") {
  turn({.ingest = ingest_mode::reject,
        .processing = processing_mode::paused,
        .resume_after = 50ms});
  CHECK(eventually([&] {
    auto state = door().health().gate.state;
    return state.ingest == ingest_mode::async &&
           state.processing == processing_mode::running;
  }));
  CHECK(door().health().gate.state.changed_by == "sluice");
}

TEST_CASE_METHOD(gate_fixture, "the dials outlive the actor that turns them") {
  set_processing(processing_mode::paused);
  REQUIRE(door().restart("gate"));
  CHECK(eventually([&] { return door().health().restarts == 1; }));
  CHECK(eventually([&] {
    auto done = door().change_gate({.ingest = ingest_mode::sync}, 1s);
    return done && done->is_made;
  }));
  CHECK(door().health().gate.state.processing == processing_mode::paused);
}

TEST_CASE_METHOD(gate_fixture, "a change whose answer was lost is found out") {
  plan().add({.method = "change_gate",
              .when = planned_fault::moment::after_effect,
              .code = db::errc::in_doubt});
  auto answer = set_mode(ingest_mode::sync);
  CHECK(answer.is_made);
  CHECK(answer.state.ingest == ingest_mode::sync);
  plan().add({.method = "change_gate", .code = db::errc::in_doubt});
  auto lost = door().change_gate({.ingest = ingest_mode::reject}, 1s);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == db::errc::unavailable);
  CHECK(accept_one()->what == db::accept_outcome::kind::created);
}

TEST_CASE_METHOD(gate_fixture, "a service that rejects is not ready") {
  CHECK(eventually([&] { return door().health().is_ready; }));
  set_mode(ingest_mode::reject);
  CHECK_FALSE(door().health().is_ready);
}

TEST_CASE("the books are checked by themselves") {
  auto settings = quick_settings();
  settings.ledger.verify_interval = 20ms;
  gate_fixture fixture(settings);
  CHECK(fixture.accept_one());
  CHECK(eventually([&] { return fixture.count(stored) == 1; }));
  CHECK(eventually([&] {
    auto view = fixture.door().health().ledger;
    return view.was_checked && view.is_balanced;
  }));
  fixture.store->execute("DELETE FROM events");
  CHECK(
      eventually([&] { return !fixture.door().health().ledger.is_balanced; }));
  auto report = fixture.door().verify(10);
  REQUIRE(report);
  CHECK(report->fault_count == 1);
}
