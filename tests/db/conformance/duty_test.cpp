#include <atomic>
#include <thread>

#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

constexpr auto lease = 10s;

bool has_duty(db::store &session, const db::node &who) {
  return value_of(session.hold_duty(who.id, db::duty::housekeeping, lease));
}

/// Another node on the list. SQLite knows one only, so it is written by hand.
db::node add_node(bench &on) {
  auto made = make_node("node-" + db::node_id::generate().to_string());
  auto now = on.store().literal(on.clock().now());
  on.store().execute("INSERT INTO nodes (id, name, version, started_at, "
                     "heartbeat_at) VALUES ('" +
                     made.id.to_string() + "', '" + made.name + "', '0', " +
                     now + ", " + now + ")");
  return made;
}

bool beat(bench &on, const db::node &who) {
  return value_of(on.session().heartbeat(who.id, 0));
}

db::ledger_verdict verdict(bench &on, bool is_balanced) {
  return {.is_balanced = is_balanced,
          .fault_count = is_balanced ? 0 : 3,
          .checked_at = on.clock().now(),
          .age = {}};
}

} // namespace

TEST_CASE("one node has the duty, and keeps it while it lives",
          "[conformance]") {
  bench on(EACH_STORE);
  auto other = add_node(on);
  CHECK(has_duty(on.session(), on.node()));
  CHECK(!has_duty(on.session(), other));
  for (int i = 0; i < 5; ++i) {
    on.clock().advance(6s);
    CHECK(beat(on, on.node()));
    CHECK(beat(on, other));
    CHECK(has_duty(on.session(), on.node()));
    CHECK(!has_duty(on.session(), other));
  }
}

TEST_CASE("asking for a duty again writes nothing", "[conformance]") {
  bench on(EACH_STORE);
  CHECK(has_duty(on.session(), on.node()));
  auto written_at = on.store().literal(on.clock().now());
  on.clock().advance(1s);
  CHECK(has_duty(on.session(), on.node()));
  CHECK(on.count("control WHERE key = 'duty.housekeeping' AND version = 1 AND "
                 "updated_at = " +
                 written_at) == 1);
}

TEST_CASE("a duty goes over when its holder falls silent", "[conformance]") {
  bench on(EACH_STORE);
  auto other = add_node(on);
  CHECK(has_duty(on.session(), on.node()));
  on.clock().advance(lease);
  CHECK(beat(on, other));
  CHECK(!has_duty(on.session(), other));
  on.clock().advance(1us);
  CHECK(has_duty(on.session(), other));
  // The one that had it is told as soon as it asks, and gets nothing back.
  CHECK(!has_duty(on.session(), on.node()));
  CHECK(beat(on, on.node()));
  CHECK(!has_duty(on.session(), on.node()));
}

TEST_CASE("a node without a heartbeat of late has no duty", "[conformance]") {
  bench on(EACH_STORE);
  CHECK(!has_duty(on.session(), make_node("a stranger")));
  CHECK(has_duty(on.session(), on.node()));
  on.clock().advance(lease + 1us);
  CHECK(!has_duty(on.session(), on.node()));
  CHECK(beat(on, on.node()));
  CHECK(has_duty(on.session(), on.node()));
}

TEST_CASE("a node that leaves leaves its duty", "[conformance]") {
  bench on(EACH_STORE);
  auto other = add_node(on);
  CHECK(has_duty(on.session(), on.node()));
  CHECK(!has_duty(on.session(), other));
  value_of(on.session().retire(on.node().id));
  CHECK(has_duty(on.session(), other));
}

TEST_CASE("of many who ask at the same time one gets the duty",
          "[conformance]") {
  bench on(EACH_STORE);
  std::vector<db::node> nodes;
  for (int i = 0; i < 4; ++i)
    nodes.push_back(add_node(on));
  std::atomic<int> holders{0};
  std::vector<std::thread> asking;
  for (const auto &one : nodes)
    asking.emplace_back([&] {
      auto session = on.store().connect();
      auto answer = session->hold_duty(one.id, db::duty::housekeeping, lease);
      holders += answer && *answer ? 1 : 0;
    });
  for (auto &one : asking)
    one.join();
  CHECK(holders == 1);
}

TEST_CASE("the verdict on the books is there for all", "[conformance]") {
  bench on(EACH_STORE);
  CHECK(!value_of(on.session().last_verdict()));
  auto found = verdict(on, false);
  value_of(on.session().keep_verdict(found));
  on.clock().advance(2s);
  on.restart();
  auto kept = value_of(on.session().last_verdict());
  REQUIRE(kept);
  CHECK(!kept->is_balanced);
  CHECK(kept->fault_count == 3);
  CHECK(kept->checked_at == found.checked_at);
  CHECK(kept->age == 2s);
}

TEST_CASE("an older verdict does not take a newer one's place",
          "[conformance]") {
  bench on(EACH_STORE);
  auto early = verdict(on, true);
  on.clock().advance(1s);
  auto late = verdict(on, false);
  value_of(on.session().keep_verdict(late));
  value_of(on.session().keep_verdict(early));
  CHECK(!value_of(on.session().last_verdict())->is_balanced);
  on.clock().advance(1s);
  value_of(on.session().keep_verdict(verdict(on, true)));
  CHECK(value_of(on.session().last_verdict())->is_balanced);
}
