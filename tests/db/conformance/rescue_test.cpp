#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

db::rescue_request patient() {
  return {.stuck = {.stuck_after = 5min, .node_dead_after = 15s},
          .max_attempts = 3};
}

db::depth_request look_for_stuck(long limit = 100) {
  return {.limit = limit, .stuck = patient().stuck};
}

} // namespace

TEST_CASE("rescue leaves a young claim of a living node alone",
          "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(3);
  on.claim();
  on.clock().advance(10s);
  auto outcome = value_of(on.session().rescue(patient()));
  CHECK(outcome.rescued == 0);
  CHECK(outcome.quarantined == 0);
  CHECK(on.count("event_queue WHERE status = 'processing'") == 3);
}

TEST_CASE("rescue takes a claim that is too old from a living node",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(3);
  auto stale = on.claim();
  on.clock().advance(5min + 1s);
  REQUIRE(value_of(on.session().heartbeat(on.node().id, 0)));
  CHECK(value_of(on.session().rescue(patient())).rescued == 3);
  CHECK(value_of(on.session().rescue(patient())).rescued == 0);
  CHECK(value_of(on.session().move_each(stale.id, ids)).lost == 3);
  auto again = on.claim();
  REQUIRE(again.items.size() == 3);
  CHECK(again.items[0].attempts == 1);
}

TEST_CASE("rescue takes a young claim from a dead node", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(2);
  on.claim();
  on.clock().advance(16s);
  CHECK(value_of(on.session().rescue(patient())).rescued == 2);
}

TEST_CASE("an item that was rescued too often goes to quarantine",
          "[conformance]") {
  bench on(EACH_STORE);
  auto id = on.accept_some(1).at(0);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    REQUIRE(on.claim().items.size() == 1);
    on.clock().advance(6min);
    CHECK(value_of(on.session().rescue(patient())).rescued == 1);
  }
  REQUIRE(on.claim().items.size() == 1);
  on.clock().advance(6min);
  auto outcome = value_of(on.session().rescue(patient()));
  CHECK(outcome.rescued == 0);
  CHECK(outcome.quarantined == 1);
  auto view = value_of(on.session().find_event(on.owner(), id));
  CHECK(view->where == db::event_view::place::quarantined);
  CHECK(view->attempts == 3);
  CHECK(!view->last_error.empty());
}

TEST_CASE("enlist returns the claims of the node's earlier life",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(5);
  auto stale = on.claim();
  auto next_life = make_node(on.node().name);
  CHECK(value_of(on.session().enlist(next_life)) == 5);
  CHECK(value_of(on.session().move_each(stale.id, ids)).lost == 5);
  auto taken = value_of(
      on.session().claim_items({next_life.id, db::claim_id::generate(), 10}));
  REQUIRE(taken.items.size() == 5);
  CHECK(taken.items[0].attempts == 0);
  CHECK(on.count("nodes") == 1);
  CHECK(!value_of(on.session().heartbeat(on.node().id, 0)));
}

TEST_CASE("a node that enlists twice in one life keeps its claims",
          "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(2);
  on.claim();
  CHECK(value_of(on.session().enlist(on.node())) == 0);
  CHECK(on.count("event_queue WHERE status = 'processing'") == 2);
  CHECK(on.count("nodes") == 1);
}

TEST_CASE("retire removes the node and returns its claims", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(2);
  on.claim();
  CHECK(value_of(on.session().heartbeat(on.node().id, 0)));
  CHECK(value_of(on.session().retire(on.node().id)) == 2);
  CHECK(!value_of(on.session().heartbeat(on.node().id, 0)));
  CHECK(on.count("nodes") == 0);
  CHECK(on.claim().items.size() == 2);
  CHECK(value_of(on.session().retire(on.node().id)) == 2);
}

TEST_CASE("claims outlive the process, and its next life returns them",
          "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(4);
  on.claim(3);
  on.restart();
  CHECK(on.count("event_queue WHERE status = 'processing'") == 3);
  CHECK(value_of(on.session().enlist(make_node(on.node().name))) == 3);
}

TEST_CASE("nodes tell which version of the gate they act by", "[conformance]") {
  bench on(EACH_STORE);
  CHECK(value_of(on.session().nodes()).at(0).gate_version == 0);
  CHECK(value_of(on.session().heartbeat(on.node().id, 41)));
  on.clock().advance(3s);
  auto found = value_of(on.session().nodes());
  REQUIRE(found.size() == 1);
  CHECK(found[0].who.id == on.node().id);
  CHECK(found[0].who.name == on.node().name);
  CHECK(found[0].who.version == on.node().version);
  CHECK(found[0].gate_version == 41);
  CHECK(found[0].silent_for == 3s);
  value_of(on.session().retire(on.node().id));
  CHECK(value_of(on.session().nodes()).empty());
}

TEST_CASE("depth counts as stuck what rescue would take", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(5);
  on.claim(2);
  on.clock().advance(10s);
  CHECK(value_of(on.session().depth(look_for_stuck())).stuck == 0);
  SECTION("claims that are too old") {
    on.clock().advance(5min - 9s);
    REQUIRE(value_of(on.session().heartbeat(on.node().id, 0)));
    on.claim(1);
    CHECK(value_of(on.session().depth(look_for_stuck())).stuck == 2);
  }
  SECTION("claims of a node that is silent") {
    on.claim(1);
    on.clock().advance(6s);
    CHECK(value_of(on.session().depth(look_for_stuck())).stuck == 3);
  }
  SECTION("items that an operator set to processing by hand") {
    on.store().execute("UPDATE event_queue SET status = 'processing'");
    CHECK(value_of(on.session().depth(look_for_stuck())).stuck == 3);
  }
  auto seen = value_of(on.session().depth(look_for_stuck()));
  CHECK(value_of(on.session().depth(100)).stuck == 0);
  CHECK(value_of(on.session().rescue(patient())).rescued == seen.stuck);
  CHECK(value_of(on.session().depth(look_for_stuck())).stuck == 0);
}

TEST_CASE("depth counts stuck items up to its limit", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(5);
  on.claim();
  on.clock().advance(16s);
  CHECK(value_of(on.session().depth(look_for_stuck(3))).stuck == 3);
}
