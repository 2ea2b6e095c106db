#include <atomic>
#include <thread>

#include "tests/db/conformance/bench.hpp"
#include "tests/db/conformance/tampering.hpp"

using namespace sluice;
using namespace sluice::tests;
using ingest = db::ingest_mode;
using processing = db::processing_mode;

TEST_CASE("while processing is paused nothing is claimed", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(5);
  auto before = on.claim(2);
  CHECK(!before.is_paused);
  REQUIRE(before.items.size() == 2);
  on.turn(processing::paused);
  auto none = on.claim();
  CHECK(none.is_paused);
  CHECK(none.items.empty());
  CHECK(on.count("event_queue WHERE status = 'pending'") == 3);
  // What was claimed before is finished; events still come in.
  CHECK(value_of(on.session().move(before.id)) == 2);
  on.accept_some(1);
  on.turn(processing::running);
  auto after = on.claim();
  CHECK(!after.is_paused);
  CHECK(after.items.size() == 4);
  CHECK(!on.claim().is_paused);
}

TEST_CASE("while draining items are claimed as ever", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(2);
  on.turn(processing::draining);
  auto taken = on.claim();
  CHECK(!taken.is_paused);
  CHECK(taken.items.size() == 2);
}

TEST_CASE("a drain is not finished before it is", "[conformance]") {
  bench on(EACH_STORE);
  SECTION("when nobody has ordered one") {
    CHECK(!value_of(on.session().finish_drain()));
    on.turn(processing::paused);
    CHECK(!value_of(on.session().finish_drain()));
    CHECK(value_of(on.session().gate()).processing == processing::paused);
  }
  SECTION("while an item is pending, be it for later only") {
    auto ids = on.accept_some(1);
    on.turn(processing::draining);
    CHECK(!value_of(on.session().finish_drain()));
    auto taken = on.claim();
    auto failed = db::failure{ids[0], "later", 1h};
    value_of(on.session().fail_items(taken.id, {&failed, 1}));
    CHECK(!value_of(on.session().finish_drain()));
  }
  SECTION("while an item is being processed") {
    on.accept_some(1);
    on.turn(processing::draining);
    auto taken = on.claim();
    CHECK(!value_of(on.session().finish_drain()));
    value_of(on.session().move(taken.id));
    CHECK(value_of(on.session().finish_drain()));
  }
  CHECK(on.count("audit_log WHERE action = 'drained'") ==
        (value_of(on.session().last_drain()) ? 1 : 0));
}

TEST_CASE("a finished drain is certified, and stays", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(3);
  on.move_all();
  on.accept_some(4);
  on.clock().advance(1s);
  auto begun_at = on.clock().now();
  on.change_gate({.processing = processing::draining, .drain_within = 1h});
  on.clock().advance(1s);
  on.accept_some(2);
  on.move_all();
  on.clock().advance(1s);
  auto ended_at = on.clock().now();
  auto position = on.store().count("SELECT max(seq) FROM ledger");
  auto made = value_of(on.session().finish_drain());
  REQUIRE(made);
  CHECK(made->begun_at == begun_at);
  CHECK(made->ended_at == ended_at);
  CHECK(made->from < made->to);
  CHECK(made->to == position);
  CHECK(made->waiting_before == 4);
  CHECK(made->accepted == 2);
  CHECK(made->stored == 6);
  CHECK(made->requeued == 0);
  CHECK(made->discarded == 0);
  CHECK(made->newly_quarantined == 0);
  CHECK(made->quarantined == 0);
  CHECK(made->is_balanced());

  // It is drained now, not only certified.
  auto state = value_of(on.session().gate());
  CHECK(state.processing == processing::drained);
  CHECK(state.version == 2);
  CHECK(!state.drain_until);
  on.accept_some(1);
  CHECK(on.claim().is_paused);
  CHECK(!value_of(on.session().finish_drain()));
  CHECK(on.count("audit_log WHERE actor = 'sluice' AND action = 'drained'") ==
        1);
  on.restart();
  auto kept = value_of(on.session().last_drain());
  REQUIRE(kept);
  CHECK(kept->begun_at == begun_at);
  CHECK(kept->ended_at == ended_at);
  CHECK(kept->from == made->from);
  CHECK(kept->to == made->to);
  CHECK(kept->waiting_before == 4);
  CHECK(kept->accepted == 2);
  CHECK(kept->stored == 6);
  CHECK(kept->is_balanced());
}

TEST_CASE("a certificate has a place for all that may happen to an item",
          "[conformance]") {
  bench on(EACH_STORE);
  // In quarantine before: one stays, one is requeued, one discarded.
  auto bad = on.accept_some(3);
  REQUIRE(on.quarantine_all().size() == 3);
  auto waiting = on.accept_some(4);
  on.turn(processing::draining);
  CHECK(value_of(on.session().requeue(order_for({bad[1], waiting[0]}))) == 1);
  CHECK(value_of(on.session().discard(
            order_for({bad[2], waiting[0], db::event_id::generate()}))) == 2);
  // Of those that wait now, two go to quarantine; one of them is discarded
  // there.
  auto taken = on.claim(2);
  std::vector<db::failure> failures;
  for (auto id : ids_of(taken))
    failures.push_back({id, "bad", std::nullopt});
  value_of(on.session().fail_items(taken.id, failures));
  CHECK(value_of(on.session().discard(order_for({failures[0].id}))) == 1);
  on.turn(ingest::sync);
  on.accept_some(5);
  on.move_all();
  auto made = value_of(on.session().finish_drain());
  REQUIRE(made);
  CHECK(made->waiting_before == 4);
  CHECK(made->accepted == 0);
  CHECK(made->requeued == 1);
  CHECK(made->stored == 2);
  CHECK(made->discarded == 1);
  CHECK(made->newly_quarantined == 2);
  CHECK(made->quarantined == 2);
  CHECK(made->is_balanced());
  CHECK(on.verify().is_balanced());
}

TEST_CASE("a drain that is ordered twice has its first beginning",
          "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(2);
  auto begun_at = on.clock().now();
  on.turn(processing::draining);
  on.clock().advance(1s);
  on.move_all();
  on.turn(processing::draining);
  auto made = value_of(on.session().finish_drain());
  REQUIRE(made);
  CHECK(made->begun_at == begun_at);
  CHECK(made->waiting_before == 2);
  CHECK(made->stored == 2);
  // One after it was given up begins anew.
  on.turn(processing::running);
  on.accept_some(1);
  on.turn(processing::draining);
  on.move_all();
  CHECK(value_of(on.session().finish_drain())->waiting_before == 1);
  CHECK(value_of(on.session().last_drain())->stored == 1);
}

TEST_CASE("of many who finish a drain at the same time one does",
          "[conformance]") {
  bench on(EACH_STORE);
  on.turn(processing::draining);
  std::atomic<int> finished{0};
  std::vector<std::thread> nodes;
  for (int i = 0; i < 4; ++i)
    nodes.emplace_back([&] {
      auto session = on.store().connect();
      for (;;) {
        auto answer = session->finish_drain();
        if (!answer && answer.error().code == db::errc::conflict)
          continue;
        finished += answer && *answer ? 1 : 0;
        return;
      }
    });
  for (auto &one : nodes)
    one.join();
  CHECK(finished == 1);
  CHECK(on.count("audit_log WHERE action = 'drained'") == 1);
}

TEST_CASE("a repair within a drain leaves the certificate true",
          "[conformance]") {
  bench on(EACH_STORE);
  auto bad = on.accept_some(1);
  on.quarantine_all();
  auto ids = on.accept_some(3);
  on.turn(processing::draining);
  copy_to_discarded(on, bad[0]);
  copy_into_log(on, ids[0]);
  value_of(on.session().repair_ledger("eve", "a test"));
  on.move_all();
  auto made = value_of(on.session().finish_drain());
  REQUIRE(made);
  CHECK(made->discarded == 1);
  CHECK(made->newly_quarantined == 0);
  CHECK(made->is_balanced());
}
