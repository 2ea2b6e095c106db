#include "tests/db/conformance/webhook_bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

int rescue(bench &on, int max_attempts = 20, int limit = 1000) {
  return value_of(on.session().rescue_deliveries(
      {.node_dead_after = 5min, .max_attempts = max_attempts, .limit = limit}));
}

void beat(bench &on) {
  REQUIRE(value_of(on.session().heartbeat(on.node().id, 0)));
}

} // namespace

TEST_CASE("a delivery whose lease ran out is due again", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(3);
  on.take(made);
  on.clock().advance(60s);
  beat(on);
  CHECK(rescue(on) == 0);
  on.clock().advance(1us);
  CHECK(rescue(on, 20, 2) == 2);
  CHECK(rescue(on) == 1);
  CHECK(rescue(on) == 0);
  auto again = on.take(made);
  REQUIRE(again.deliveries.size() == 3);
  // It may have been sent, so it counts.
  CHECK(again.deliveries[0].attempts == 2);
  CHECK(on.count("event_deliveries WHERE last_error LIKE 'rescued: held by " +
                 on.node().id.to_string() + "%'") == 3);
}

TEST_CASE("what a dead node was sending is due again", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(1);
  auto asked = on.request({{made.id, 1}});
  asked.lease = 1h;
  REQUIRE(on.take(asked).deliveries.size() == 1);
  on.clock().advance(5min);
  CHECK(rescue(on) == 0);
  on.clock().advance(1us);
  CHECK(rescue(on) == 1);
  CHECK(on.take(made).deliveries.size() == 1);
}

TEST_CASE("a delivery that was rescued too often is a dead letter",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(1);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    CHECK(on.standing("dead_letter") == 0);
    REQUIRE(on.take(made).deliveries.size() == 1);
    on.clock().advance(61s);
    beat(on);
    CHECK(rescue(on, 3) == 1);
  }
  CHECK(on.standing("dead_letter") == 1);
  CHECK(on.count("event_deliveries WHERE last_error LIKE"
                 " 'rescued: %, after 3 attempts'") == 1);
  CHECK(on.take(made).deliveries.empty());
}

TEST_CASE("a node that begins or ends leaves nothing in the sending",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(2);
  auto stale = on.take(made);
  on.accept_some(1);
  REQUIRE(on.claim().items.size() == 1);
  // The count is of items.
  SECTION("its next life begins") {
    CHECK(value_of(on.session().enlist(make_node(on.node().name))) == 1);
  }
  SECTION("it retires") {
    CHECK(value_of(on.session().retire(on.node().id)) == 1);
  }
  CHECK(on.standing("sending") == 0);
  CHECK(on.standing("failed") == 2);
  CHECK(on.record(stale, result_kind::delivered).lost == 2);
  CHECK(on.take(made).deliveries.size() == 2);
}

TEST_CASE("a node that enlists again keeps what it is sending",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(1);
  auto held = on.take(made);
  value_of(on.session().enlist(on.node()));
  CHECK(on.record(held, result_kind::delivered).recorded == 1);
}
