#include <set>

#include "db/model/lanes.hpp"
#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

/// A bench whose items are told apart by their lane.
struct lanes : bench {
  using bench::bench;

  long in_lane(int lane, const std::string &status = "processing") {
    return count("event_queue WHERE lane = " + std::to_string(lane) +
                 " AND status = '" + status + "'");
  }

  /// How many items of each lane that claim holds.
  std::vector<long> held_by(const db::claim &taken) {
    std::vector<long> found;
    for (int lane = 0; lane < db::lane_count; ++lane)
      found.push_back(count("event_queue WHERE claim_id = '" +
                            taken.id.to_string() +
                            "' AND lane = " + std::to_string(lane)));
    return found;
  }
};

using per_lane = std::vector<long>;

} // namespace

TEST_CASE("an event is accepted into its lane", "[conformance]") {
  lanes on(EACH_STORE);
  // A single one, few, and as many as go another way into PostgreSQL.
  on.accept_into(2, 1);
  on.accept_into(3, 5);
  on.accept_into(1, 80);
  on.accept_some(7);
  CHECK(on.in_lane(0, "pending") == 7);
  CHECK(on.in_lane(1, "pending") == 80);
  CHECK(on.in_lane(2, "pending") == 1);
  CHECK(on.in_lane(3, "pending") == 5);
}

TEST_CASE("a claim leaves a quarter to the lanes behind", "[conformance]") {
  lanes on(EACH_STORE);
  on.accept_into(3, 400);
  on.accept_into(0, 400);
  for (int round = 0; round < 3; ++round)
    CHECK(on.held_by(on.claim(100)) == per_lane{75, 0, 0, 25});
  on.accept_into(1, 400);
  // Of the quarter a quarter goes on. PostgreSQL finds the new lane within a
  // second, or in a claim that comes so far.
  on.restart();
  auto found = on.held_by(on.claim(160));
  CHECK(found == per_lane{120, 30, 0, 10});
}

TEST_CASE("what a lane has no items for goes to the others", "[conformance]") {
  lanes on(EACH_STORE);
  SECTION("one lane has all") {
    on.accept_into(GENERATE(0, 3), 200);
    CHECK(on.claim(100).items.size() == 100);
    CHECK(on.claim(100).items.size() == 100);
  }
  SECTION("the first lane has few") {
    on.accept_into(3, 200);
    on.accept_into(0, 10);
    CHECK(on.held_by(on.claim(100)) == per_lane{10, 0, 0, 90});
  }
  SECTION("the last lane has few") {
    on.accept_into(3, 5);
    on.accept_into(0, 200);
    CHECK(on.held_by(on.claim(100)) == per_lane{95, 0, 0, 5});
  }
}

TEST_CASE("one event is claimed before many that came earlier",
          "[conformance]") {
  lanes on(EACH_STORE);
  on.accept_into(3, 300);
  on.claim(100);
  auto small = on.accept_into(0, 1).at(0);
  auto taken = ids_of(on.claim(100));
  CHECK(std::set(taken.begin(), taken.end()).contains(small));
  CHECK(taken.size() == 100);
}

TEST_CASE("claims of a single item leave no lane without", "[conformance]") {
  lanes on(EACH_STORE);
  on.accept_into(0, 400);
  on.accept_into(3, 3);
  // One in four goes to the last lane, by lot.
  for (int claim = 0; claim < 200; ++claim)
    REQUIRE(on.claim(1).items.size() == 1);
  CHECK(on.in_lane(3) == 3);
}

TEST_CASE("a claim never has more than its limit, and none comes twice",
          "[conformance]") {
  lanes on(EACH_STORE);
  auto limit = GENERATE(1, 2, 3, 7, 50);
  for (int lane = 0; lane < db::lane_count; ++lane)
    on.accept_into(lane, 20);
  std::set<db::event_id> seen;
  std::size_t count = 0;
  for (auto taken = on.claim(limit); !taken.items.empty();
       taken = on.claim(limit)) {
    CHECK(taken.items.size() <= static_cast<std::size_t>(limit));
    for (auto id : ids_of(taken))
      seen.insert(id);
    count += taken.items.size();
  }
  CHECK(count == 80);
  CHECK(seen.size() == 80);
}

TEST_CASE("in a lane the longest due goes first", "[conformance]") {
  lanes on(EACH_STORE);
  std::vector<db::event_id> ids;
  for (int i = 0; i < 6; ++i)
    ids.push_back(on.accept_into(2, 1).at(0));
  for (const auto &id : ids)
    CHECK(ids_of(on.claim(1)) == std::vector{id});
}

TEST_CASE("what comes back to the queue keeps its lane", "[conformance]") {
  lanes on(EACH_STORE);
  on.accept_into(2, 4);
  auto taken = on.claim();
  SECTION("failed") {
    std::vector<db::failure> failures;
    for (auto id : ids_of(taken))
      failures.push_back({id, "later", 0ms});
    value_of(on.session().fail_items(taken.id, failures));
  }
  SECTION("released") {
    value_of(on.session().release(taken.id, {}));
  }
  SECTION("rescued") {
    on.clock().advance(10min);
    value_of(on.session().rescue(
        {.stuck = {.stuck_after = 5min, .node_dead_after = 1min},
         .max_attempts = 5}));
  }
  SECTION("by an operator's hand") {
    on.store().execute("UPDATE event_queue SET status = 'pending' WHERE status "
                       "= 'processing'");
  }
  CHECK(on.in_lane(2, "pending") == 4);
  CHECK(on.claim().items.size() == 4);
}

TEST_CASE("an item that is inserted by hand is in the first lane",
          "[conformance]") {
  lanes on(EACH_STORE);
  auto now = on.store().literal(on.clock().now());
  auto id = db::event_id::generate();
  on.store().execute(
      "INSERT INTO event_queue (id, organization_id, type, payload, status, "
      "attempts, not_before, inserted_at) VALUES (" +
      quoted(id) + ", '" + on.owner().to_string() +
      "', 'by.hand', '{}', 'pending', 0, " + now + ", " + now + ")");
  CHECK(on.in_lane(0, "pending") == 1);
  CHECK(ids_of(on.claim()) == std::vector{id});
}

TEST_CASE("a lane that does not exist is refused", "[conformance]") {
  lanes on(EACH_STORE);
  on.accept_into(0, 1);
  auto lane = GENERATE(-1, db::lane_count);
  CHECK_THROWS(on.store().execute("UPDATE event_queue SET lane = " +
                                  std::to_string(lane)));
}

TEST_CASE("a claim says whose its items are", "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  auto mine = make_event(on.owner());
  auto theirs = make_event(other.id());
  on.accept(mine);
  on.accept(theirs);
  auto taken = on.claim();
  REQUIRE(taken.items.size() == 2);
  for (const auto &item : taken.items)
    CHECK(item.organization == (item.id == mine.id ? on.owner() : other.id()));
}

TEST_CASE("depth counts every lane, and sees the oldest in any",
          "[conformance]") {
  lanes on(EACH_STORE);
  auto oldest = GENERATE(0, 2, 3);
  on.accept_into(oldest, 1);
  on.accept_into(1, 2);
  on.accept_into(0, 3);
  auto depth = value_of(on.session().depth(100));
  CHECK(depth.pending == 6);
  CHECK(depth.oldest_pending == 3s);
}

TEST_CASE("count_backlogs counts what each organization has pending",
          "[conformance]") {
  lanes on(EACH_STORE);
  auto other = on.add_tenant("Other");
  CHECK(value_of(on.session().count_backlogs(100)).found.empty());
  on.accept_into(2, 9);
  on.claim(4);
  for (int i = 0; i < 3; ++i)
    on.accept(make_event(other.id()));
  auto counted = value_of(on.session().count_backlogs(100));
  CHECK(counted.exact);
  REQUIRE(counted.found.size() == 2);
  for (const auto &one : counted.found)
    CHECK(one.pending == (one.organization == other.id() ? 3 : 5));
  auto cut = value_of(on.session().count_backlogs(6));
  CHECK_FALSE(cut.exact);
  long sum = 0;
  for (const auto &one : cut.found)
    sum += one.pending;
  CHECK(sum == 6);
}
