#include <atomic>
#include <thread>

#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;
using ingest = db::ingest_mode;
using processing = db::processing_mode;

TEST_CASE("the gate of a new store is open, and nobody has touched it",
          "[conformance]") {
  bench on(EACH_STORE);
  auto state = value_of(on.session().gate());
  CHECK(state.version == 0);
  CHECK(state.ingest == ingest::async);
  CHECK(state.processing == processing::running);
  CHECK(state.delivery == db::delivery_mode::running);
  CHECK(state.retry_after == 30s);
  CHECK(!state.resume_at);
  CHECK(!state.drain_until);
  CHECK(state.changed_by.empty());
  CHECK(state.reason.empty());
  CHECK(!state.is_resume_due);
  CHECK(!state.is_drain_overdue);
  CHECK(!value_of(on.session().last_drain()));
}

TEST_CASE("a change turns the dials that it names, for good", "[conformance]") {
  bench on(EACH_STORE);
  auto first = on.change_gate({.ingest = ingest::sync, .retry_after = 7s});
  CHECK(first.version == 1);
  on.clock().advance(1min);
  auto at = on.clock().now();
  auto second = on.change_gate({.processing = processing::paused,
                                .delivery = db::delivery_mode::paused});
  on.clock().advance(1min);
  on.restart();
  for (const auto &state : {second, value_of(on.session().gate())}) {
    CHECK(state.version == 2);
    CHECK(state.ingest == ingest::sync);
    CHECK(state.processing == processing::paused);
    CHECK(state.delivery == db::delivery_mode::paused);
    CHECK(state.retry_after == 7s);
    CHECK(state.changed_by == "eve@example.com");
    CHECK(state.reason == "a test");
    CHECK(state.changed_at == at);
  }
}

TEST_CASE("a change that expects another version changes nothing",
          "[conformance]") {
  bench on(EACH_STORE);
  on.turn(ingest::sync);
  auto stale = db::gate_change{.ingest = ingest::reject,
                               .expected_version = 0,
                               .actor = "bob",
                               .reason = "too late"};
  CHECK(!value_of(on.session().change_gate(stale)));
  CHECK(value_of(on.session().gate()).version == 1);
  CHECK(value_of(on.session().gate()).ingest == ingest::sync);
  CHECK(on.count("audit_log WHERE actor = 'bob'") == 0);
  stale.expected_version = 1;
  CHECK(value_of(on.session().change_gate(stale))->version == 2);
}

TEST_CASE("of changes at the same time that expect one version one is made",
          "[conformance]") {
  bench on(EACH_STORE);
  std::atomic<int> made{0};
  std::vector<std::thread> operators;
  for (int i = 0; i < 4; ++i)
    operators.emplace_back([&] {
      auto session = on.store().connect();
      // A conflict may be repeated at once; then the version is another.
      for (;;) {
        auto answer = session->change_gate({.ingest = ingest::sync,
                                            .expected_version = 0,
                                            .actor = "x",
                                            .reason = "y"});
        if (!answer && answer.error().code == db::errc::conflict)
          continue;
        made += answer && *answer ? 1 : 0;
        return;
      }
    });
  for (auto &one : operators)
    one.join();
  CHECK(made == 1);
  CHECK(value_of(on.session().gate()).version == 1);
}

TEST_CASE("a change stands in the audit log, in one line", "[conformance]") {
  bench on(EACH_STORE);
  auto changed = value_of(on.session().change_gate(
      {.ingest = ingest::sync,
       .processing = processing::paused,
       .actor = "eve\n@example.com",
       .reason = "two\nlines " + std::string(2000, 'x')}));
  CHECK(changed->changed_by == "eve @example.com");
  CHECK(changed->reason.starts_with("two lines x"));
  CHECK(changed->reason.size() == 1000);
  CHECK(on.count("audit_log WHERE actor = 'eve @example.com' AND action = "
                 "'gate' AND target = 'ingest=sync processing=paused' AND "
                 "length(reason) = 1000 AND reason LIKE 'two lines x%' AND "
                 "detail LIKE '%version=1 %' AND detail LIKE "
                 "'%delivery=running%' AND at = " +
                 on.store().literal(on.clock().now())) == 1);
}

TEST_CASE("dials know when they are due to go back", "[conformance]") {
  bench on(EACH_STORE);
  auto begun = on.clock().now();
  auto state = on.change_gate({.processing = processing::draining,
                               .resume_after = 10min,
                               .drain_within = 5min});
  CHECK(state.resume_at == begun + 10min);
  CHECK(state.drain_until == begun + 5min);
  CHECK(!state.is_resume_due);
  CHECK(!state.is_drain_overdue);
  on.clock().advance(5min);
  state = value_of(on.session().gate());
  CHECK(state.is_drain_overdue);
  CHECK(!state.is_resume_due);
  on.clock().advance(5min);
  CHECK(value_of(on.session().gate()).is_resume_due);
}

TEST_CASE("a change forgets when earlier dials were to go back",
          "[conformance]") {
  bench on(EACH_STORE);
  on.change_gate({.processing = processing::draining,
                  .resume_after = 10min,
                  .drain_within = 5min});
  SECTION("while draining goes on, its limit stays") {
    auto state = on.turn(ingest::sync);
    CHECK(!state.resume_at);
    CHECK(state.drain_until == on.clock().now() + 5min);
  }
  SECTION("a drain that is ordered anew has the limit that it names") {
    CHECK(!on.turn(processing::draining).drain_until);
  }
  SECTION("only a drain has a limit") {
    auto state = on.change_gate(
        {.processing = processing::paused, .drain_within = 5min});
    CHECK(!state.resume_at);
    CHECK(!state.drain_until);
    on.clock().advance(1h);
    CHECK(!value_of(on.session().gate()).is_drain_overdue);
    CHECK(!value_of(on.session().gate()).is_resume_due);
  }
}

TEST_CASE("nobody sets the gate to drained by hand", "[conformance]") {
  bench on(EACH_STORE);
  auto answer = on.session().change_gate(
      {.processing = processing::drained, .actor = "eve", .reason = "why not"});
  REQUIRE(!answer);
  CHECK(answer.error().code == db::errc::rejected);
  CHECK(value_of(on.session().gate()).version == 0);
}
