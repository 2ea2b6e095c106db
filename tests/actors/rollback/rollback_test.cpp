#include "actors/rollback/rollback.hpp"

#include <thread>

#include <catch2/catch.hpp>

#include "tests/actors/fixture.hpp"

using namespace sluice;
using namespace sluice::actors;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

/// A running service that is rolled back.
struct rollback_fixture : faulty_fixture {
  rollback_fixture()
      : service({.source = source,
                 .self = make_node(),
                 .settings = quick_settings(),
                 .on_escalation = [] {}}) {
    REQUIRE(eventually([&] { return service.door().health().is_ready; }));
  }

  rollback_run begin(rollback_target target = rollback_target::sync) {
    return must(way.begin({.target = target,
                           .drain_within = 30s,
                           .actor = "ann",
                           .reason = "a test"}));
  }

  /// Goes on until it is over, or at this step.
  rollback_run walk(rollback_run run,
                    std::optional<rollback_step> to = std::nullopt) {
    CHECK(eventually([&] {
      const auto *step = run.next_step();
      if (!run.is_open() || (to && step != nullptr && step->step == *to))
        return true;
      run = must(way.advance(run.id, "ann"));
      return false;
    }));
    return run;
  }

  static rollback_run must(rollback::result<rollback_run> run) {
    REQUIRE(run);
    return std::move(*run);
  }

  db::gate_state gate() { return value_of(store->connect()->gate()); }

  void turn(db::gate_change change) {
    change.actor = "eve";
    change.reason = "by hand";
    REQUIRE(service.door().change_gate(change, 2s));
  }

  bool accept(int count) {
    auto replies = service.door().accept(make_events(owner.id(), count));
    return replies && replies->front();
  }

  actors::runtime service;
  rollback way{service.door()};
};

} // namespace

TEST_CASE_METHOD(rollback_fixture, "a rollback to sync empties the queue, and "
                                   "is undone") {
  REQUIRE(accept(300));
  const auto done = walk(begin());
  CHECK(done.state == rollback_state::done);
  CHECK(done.is_proven);
  CHECK(done.open_points.empty());
  CHECK(gate().ingest == db::ingest_mode::sync);
  CHECK(gate().processing == db::processing_mode::drained);
  CHECK(count(stored) == 300);
  CHECK(must(way.verify()).is_proven);
  const auto undone = walk(begin(rollback_target::undo));
  CHECK(undone.is_proven);
  CHECK(gate().ingest == db::ingest_mode::async);
  CHECK(gate().processing == db::processing_mode::running);
  CHECK_FALSE(way.begin({.target = rollback_target::undo}));
}

TEST_CASE_METHOD(rollback_fixture, "another node goes on where one left it") {
  using enum rollback_step;
  const auto left = walk(begin(), GENERATE(check, turn, drain, verify));
  const auto again = begin();
  CHECK(again.id == left.id);
  REQUIRE(again.remarks.size() == 1);
  const auto done = walk(again);
  CHECK(done.is_proven);
  CHECK(count("SELECT count(*) FROM procedures") == 1);
}

TEST_CASE_METHOD(rollback_fixture, "dials that somebody turned meanwhile are "
                                   "not turned back unasked") {
  const auto left = walk(begin(), rollback_step::drain);
  turn({.ingest = db::ingest_mode::async});
  const auto refused = way.advance(left.id, "ann");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().refusal.starts_with(
      "ingest is async, not sync, turned by eve: by hand"));
  CHECK(gate().ingest == db::ingest_mode::async);
  CHECK(walk(begin()).is_proven);
  CHECK(gate().ingest == db::ingest_mode::sync);
}

TEST_CASE_METHOD(rollback_fixture, "who gives up is back where it began") {
  turn({.processing = db::processing_mode::paused});
  walk(begin(rollback_target::stop), rollback_step::verify);
  CHECK_FALSE(way.begin({.target = rollback_target::sync}));
  const auto aborted = must(way.abort("ann", "a mistake"));
  CHECK(aborted.state == rollback_state::aborted);
  CHECK(gate().ingest == db::ingest_mode::async);
  CHECK(gate().processing == db::processing_mode::paused);
  CHECK(gate().delivery == db::delivery_mode::running);
  CHECK_FALSE(way.abort("ann", ""));
  CHECK_FALSE(way.begin({.target = rollback_target::undo}));
}

TEST_CASE_METHOD(rollback_fixture, "what does not hold is not called proven") {
  CHECK(walk(begin()).is_proven);
  turn({.ingest = db::ingest_mode::async});
  REQUIRE(accept(3));
  const auto seen = must(way.verify());
  CHECK_FALSE(seen.is_proven);
  REQUIRE(seen.open_points.size() == 2);
  CHECK(seen.open_points[0].starts_with("ingest is async, not sync"));
  CHECK(seen.open_points[1].starts_with("3 items"));
}

TEST_CASE_METHOD(rollback_fixture, "who repeats a rollback can still undo it") {
  CHECK(walk(begin()).is_proven);
  CHECK(walk(begin()).is_proven);
  CHECK(walk(begin(rollback_target::stop)).is_proven);
  CHECK(walk(begin(rollback_target::undo)).is_proven);
  CHECK(gate().ingest == db::ingest_mode::async);
  CHECK(gate().processing == db::processing_mode::running);
}

TEST_CASE_METHOD(rollback_fixture, "a step whose record got no answer may be "
                                   "done again") {
  const auto *call = GENERATE("begin_procedure", "save_procedure",
                              "change_gate", "last_drain");
  using enum planned_fault::moment;
  const auto when = GENERATE(before_effect, after_effect);
  auto run = rollback_run();
  plan().add({.method = call, .when = when, .code = db::errc::unavailable});
  CHECK(eventually([&] {
    if (auto begun = way.begin({.target = rollback_target::sync}))
      run = *begun;
    return run.id != db::procedure_id();
  }));
  CHECK(eventually([&] {
    if (auto next = way.advance(run.id, "ann"))
      run = *next;
    return !run.is_open();
  }));
  CHECK(run.is_proven);
}

TEST_CASE_METHOD(rollback_fixture, "several who advance it do it once") {
  REQUIRE(accept(200));
  const auto id = begin().id;
  std::vector<std::thread> operators;
  std::atomic<int> ended{0};
  operators.reserve(4);
  for (int who = 0; who < 4; ++who)
    operators.emplace_back([&, mine = rollback(service.door())]() mutable {
      ended += eventually([&] {
        const auto seen = mine.advance(id, "ann");
        return seen && !seen->is_open();
      });
    });
  for (auto &one : operators)
    one.join();
  CHECK(ended == 4);
  CHECK(must(way.verify()).is_proven);
  CHECK(count("SELECT count(*) FROM audit_log WHERE action = 'rollback'"
              " AND detail LIKE '%verify%'") == 1);
}
