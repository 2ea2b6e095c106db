#include "tests/db/conformance/webhook_bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

db::replay_outcome replay(bench &on, db::replay_order order) {
  order.organization = on.owner();
  return value_of(on.session().replay_deliveries(order));
}

void settle(webhook_bench &on, const db::endpoint &of, result_kind what,
            int count = 100) {
  on.record(on.take(of, count), what);
}

} // namespace

TEST_CASE("a replay makes settled deliveries due as if never tried",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(4);
  settle(on, made, result_kind::delivered, 1);
  settle(on, made, result_kind::dead_letter, 1);
  settle(on, made, result_kind::retry, 1);
  on.clock().advance(1s);
  auto counted = replay(on, {.is_dry_run = true});
  CHECK(counted.count == 2);
  CHECK_FALSE(counted.next);
  CHECK(on.standing("pending") == 1);
  CHECK(replay(on, {}).count == 2);
  CHECK(replay(on, {}).count == 0);
  CHECK(on.standing("pending") == 3);
  CHECK(on.standing("failed") == 1);
  CHECK(on.count("event_deliveries WHERE status = 'pending' AND attempts = 0"
                 " AND response_status IS NULL AND last_error IS NULL AND"
                 " next_attempt_at = " +
                 on.store().literal(on.clock().now())) == 2);
  CHECK(on.take(made).deliveries.size() == 3);
  // What was tried is kept, and the inbox is nobody's to send.
  CHECK(on.count("delivery_attempts") == 3);
  CHECK(on.inbox().size() == 4);
}

TEST_CASE("a replay is made in steps", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(7);
  settle(on, made, result_kind::delivered);
  for (auto is_dry : {true, false}) {
    db::replay_order order{.limit = 3, .is_dry_run = is_dry};
    std::vector<int> counts;
    do {
      auto step = replay(on, order);
      counts.push_back(step.count);
      order.after = step.next;
    } while (order.after);
    CHECK(counts == std::vector{3, 3, 1});
  }
  CHECK(on.standing("pending") == 7);
}

TEST_CASE("a step of a replay ends where few fit", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto busy = on.add();
  on.store_some(30);
  settle(on, busy, result_kind::delivered);
  auto made = on.add();
  on.store_some(2);
  settle(on, made, result_kind::delivered);
  db::replay_order order{.endpoint = made.id, .limit = 1};
  int steps = 0;
  int sum = 0;
  do {
    auto step = replay(on, order);
    CHECK(step.count <= 1);
    sum += step.count;
    order.after = step.next;
    ++steps;
  } while (order.after && steps < 100);
  CHECK(sum == 2);
  CHECK(steps > 2);
  CHECK(steps < 100);
}

TEST_CASE("a replay takes what its order names", "[conformance]") {
  webhook_bench on(EACH_STORE);
  // The time that ids of deliveries begin with.
  on.clock().advance(db::system_now() - on.clock().now());
  auto one = on.add();
  auto two = on.add();
  auto early = on.store_some(2);
  auto since = on.clock().now() + 1s;
  on.clock().advance(1s);
  auto late = on.store_some(3);
  settle(on, one, result_kind::delivered, 4);
  settle(on, one, result_kind::dead_letter, 1);
  settle(on, two, result_kind::delivered);
  auto count = [&](db::replay_order order) {
    order.is_dry_run = true;
    return replay(on, order).count;
  };
  CHECK(count({}) == 10);
  CHECK(count({.endpoint = one.id}) == 5);
  CHECK(count({.event = early[0]}) == 2);
  CHECK(count({.endpoint = two.id, .event = late[0]}) == 1);
  CHECK(count({.since = since}) == 6);
  CHECK(count({.until = since}) == 4);
  CHECK(count({.since = since, .until = since}) == 0);
  CHECK(count({.dead_letters_only = true}) == 1);
  CHECK(count({.endpoint = two.id, .dead_letters_only = true}) == 0);
  CHECK(count({.event = late[2], .dead_letters_only = true}) == 1);
  CHECK(count({.event = early[0], .dead_letters_only = true}) == 0);
  CHECK(replay(on, {.event = early[0]}).count == 2);
  CHECK(on.take(on.request({{one.id, 9}, {two.id, 9}})).deliveries.size() == 2);
}

TEST_CASE("a replay passes over removed endpoints and other organizations",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto gone = on.add();
  on.store_some(2);
  settle(on, gone, result_kind::delivered);
  REQUIRE(value_of(on.session().remove_endpoint(on.owner(), gone.id)));
  CHECK(replay(on, {}).count == 0);
  CHECK(replay(on, {.endpoint = gone.id}).count == 0);
  auto other = on.add_tenant("Other");
  auto theirs = on.add_for(other.id());
  value_of(on.session().accept(make_events(other.id(), 1), 24h));
  on.move_all();
  settle(on, theirs, result_kind::delivered);
  CHECK(replay(on, {}).count == 0);
  CHECK(replay(on, {.endpoint = theirs.id}).count == 0);
  CHECK(on.standing("delivered") == 3);
}
