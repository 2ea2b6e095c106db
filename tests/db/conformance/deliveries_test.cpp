#include <map>

#include "tests/db/conformance/webhook_bench.hpp"

using namespace sluice;
using namespace sluice::tests;

TEST_CASE("a claim of deliveries has all that is sent", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  auto event =
      make_event(on.owner(), {.type = "a.b", .payload = "{ \"b\" : 1.0 }"});
  auto accepted_at = on.clock().now();
  on.accept(event);
  on.clock().advance(1s);
  on.move_all();
  on.clock().advance(1s);
  auto asked = on.request({{made.id, 5}});
  auto claimed = on.take(asked);
  CHECK(claimed.fence == asked.fence);
  CHECK_FALSE(claimed.is_paused);
  REQUIRE(claimed.deliveries.size() == 1);
  const auto &taken = claimed.deliveries[0];
  CHECK(taken.endpoint == made.id);
  CHECK(taken.organization == on.owner());
  CHECK(taken.event == event.id);
  CHECK(taken.type == "a.b");
  CHECK(taken.payload == event.payload);
  CHECK(taken.accepted_at == accepted_at);
  CHECK(taken.attempts == 1);
  CHECK(on.count("event_deliveries WHERE status = 'sending' AND id = '" +
                 taken.id.to_string() + "' AND attempts = 1 AND claim_id = '" +
                 asked.fence.to_string() + "' AND claimed_by = '" +
                 on.node().id.to_string() + "' AND lease_until = " +
                 on.store().literal(on.clock().now() + 60s)) == 1);
}

TEST_CASE("claims keep to shares and to their limit", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto one = on.add();
  auto two = on.add();
  auto three = on.add();
  on.store_some(10);
  auto of = [](const db::delivery_claim &claimed, const db::endpoint &which) {
    return std::count_if(
        claimed.deliveries.begin(), claimed.deliveries.end(),
        [&](const auto &taken) { return taken.endpoint == which.id; });
  };
  auto first = on.take(on.request({{one.id, 3}, {two.id, 4}}));
  CHECK(first.deliveries.size() == 7);
  CHECK(of(first, one) == 3);
  CHECK(of(first, two) == 4);
  auto second = on.take(on.request({{three.id, 6}, {one.id, 6}}, 8));
  CHECK(second.deliveries.size() == 8);
  CHECK(of(second, three) == 6);
  CHECK(of(second, one) == 2);
  CHECK(on.take(on.request({})).deliveries.empty());
  CHECK(on.take(on.request({{db::endpoint_id::generate(), 5}}))
            .deliveries.empty());
  // An inbox is nothing that is sent to.
  auto inbox_of_owner = db::endpoint();
  inbox_of_owner.id = db::endpoint_id(
      value_of(on.session().find_event(on.owner(), on.inbox().at(0).id))
          ->deliveries.at(0)
          .endpoint);
  on.take(inbox_of_owner);
  CHECK(on.inbox().size() == 10);
  CHECK(on.count("event_deliveries WHERE next_attempt_at IS NULL AND"
                 " status <> 'pending'") == 0);
}

TEST_CASE("those longest due are sent first, whether tried before or not",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  std::vector<db::event_id> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(on.store_some(1).at(0));
    on.clock().advance(1s);
  }
  // The first is due again between the third and the fourth.
  on.record(on.take(made, 1), result_kind::retry, 500ms);
  on.store().execute("UPDATE event_deliveries SET next_attempt_at = " +
                     on.store().literal(on.clock().now() - 1500ms) +
                     " WHERE status = 'failed'");
  std::vector<db::event_id> order;
  for (int i = 0; i < 4; ++i)
    order.push_back(on.take(made, 1).deliveries.at(0).event);
  CHECK(order == std::vector{ids[1], ids[2], ids[0], ids[3]});
}

TEST_CASE("of many endpoints those are served that have something due, in "
          "the order they were named",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  std::vector<db::delivery_share> shares;
  std::vector<db::endpoint_id> busy;
  for (int i = 0; i < 40; ++i) {
    auto is_busy = i % 8 == 3;
    auto made = on.add({is_busy ? "order.created" : "never.sent"});
    shares.push_back({made.id, 2});
    if (is_busy)
      busy.push_back(made.id);
  }
  on.store_some(3);
  auto claimed = on.take(on.request(shares, 7)).deliveries;
  std::map<db::endpoint_id, int> counted;
  for (const auto &taken : claimed)
    ++counted[taken.endpoint];
  CHECK(claimed.size() == 7);
  for (std::size_t i = 0; i < busy.size(); ++i)
    CHECK(counted[busy[i]] == (i < 3 ? 2 : i == 3 ? 1 : 0));
  // What was looked at beyond the limit is free.
  std::reverse(shares.begin(), shares.end());
  CHECK(on.take(on.request(shares, 100)).deliveries.size() == 7);
}

TEST_CASE("two claimers never get the same delivery", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(60);
  auto other = on.store().connect();
  std::set<db::delivery_id> seen;
  for (int i = 0; i < 5; ++i)
    for (auto *session : {&on.session(), other.get()})
      for (const auto &taken :
           value_of(session->claim_deliveries(on.request({{made.id, 7}})))
               .deliveries)
        CHECK(seen.insert(taken.id).second);
  CHECK(seen.size() == 60);
}

TEST_CASE("while delivery is paused nothing is claimed", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(2);
  on.change_gate({.delivery = db::delivery_mode::paused});
  auto claimed = on.take(made);
  CHECK(claimed.is_paused);
  CHECK(claimed.deliveries.empty());
  CHECK(on.standing("pending") == 2);
  on.change_gate({.delivery = db::delivery_mode::running});
  claimed = on.take(made);
  CHECK_FALSE(claimed.is_paused);
  CHECK(claimed.deliveries.size() == 2);
  // What is under way may be written down.
  on.change_gate({.delivery = db::delivery_mode::paused});
  CHECK(on.record(claimed, result_kind::delivered).recorded == 2);
}

TEST_CASE("a result that is late is lost and changes nothing",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  auto other = on.add_tenant("Other");
  on.store_some(1);
  auto stale = on.take(made);
  on.clock().advance(61s);
  value_of(on.session().heartbeat(on.node().id, 0));
  REQUIRE(value_of(on.session().rescue_deliveries({.node_dead_after = 1h})) ==
          1);
  auto fresh = on.take(made);
  REQUIRE(fresh.deliveries.size() == 1);
  for (auto what : {result_kind::delivered, result_kind::retry,
                    result_kind::dead_letter, result_kind::returned}) {
    auto outcome = on.record(stale, what);
    CHECK(outcome.recorded == 0);
    CHECK(outcome.lost == 1);
  }
  auto foreign = webhook_bench::result_of(fresh, fresh.deliveries[0],
                                          result_kind::delivered);
  foreign.organization = other.id();
  CHECK(on.record({foreign}).lost == 1);
  CHECK(on.standing("sending") == 1);
  CHECK(on.count("delivery_attempts") == 0);
  // Taken once, even where it is said twice.
  auto good = webhook_bench::result_of(fresh, fresh.deliveries[0],
                                       result_kind::delivered);
  auto outcome = on.record({good, good});
  CHECK(outcome.recorded == 1);
  CHECK(outcome.lost == 1);
  CHECK(on.standing("delivered") == 1);
  CHECK(on.count("delivery_attempts") == 1);
  CHECK(on.record({good}).lost == 1);
  CHECK(on.record({}).lost == 0);
}

TEST_CASE("a retry is due after its wait and not before", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(2);
  CHECK(on.record(on.take(made), result_kind::retry, 10s).recorded == 2);
  CHECK(on.standing("failed") == 2);
  CHECK(on.take(made).deliveries.empty());
  on.clock().advance(9999ms);
  CHECK(on.take(made).deliveries.empty());
  on.clock().advance(1ms);
  auto again = on.take(made);
  REQUIRE(again.deliveries.size() == 2);
  CHECK(again.deliveries[0].attempts == 2);
  CHECK(on.record(again, result_kind::delivered).recorded == 2);
  on.clock().advance(24h);
  CHECK(on.take(made).deliveries.empty());
  CHECK(on.count("event_deliveries WHERE status = 'delivered' AND"
                 " last_error IS NULL AND response_status = 204 AND"
                 " claim_id IS NULL") == 2);
}

TEST_CASE("what was returned was never sent", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(1);
  CHECK(on.record(on.take(made), result_kind::returned, 5s).recorded == 1);
  CHECK(on.standing("pending") == 1);
  CHECK(on.count("delivery_attempts") == 0);
  CHECK(on.take(made).deliveries.empty());
  on.clock().advance(5s);
  auto taken = on.take(made);
  CHECK(taken.deliveries.at(0).attempts == 1);
  on.record(taken, result_kind::retry, 0ms);
  CHECK(on.record(on.take(made), result_kind::returned, 0ms).recorded == 1);
  // As it was before, with what was said of it.
  CHECK(on.count("event_deliveries WHERE status = 'failed' AND attempts = 1"
                 " AND last_error = 'answered 503'") == 1);
}

TEST_CASE("a dead letter is not sent any more", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  on.store_some(1);
  on.record(on.take(made), result_kind::dead_letter);
  CHECK(on.standing("dead_letter") == 1);
  on.clock().advance(24h);
  CHECK(on.take(made).deliveries.empty());
  CHECK(on.depth().dead_letter == 1);
}

TEST_CASE("each attempt is kept as it went", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  auto id = on.store_some(1).at(0);
  on.clock().advance(10s);
  auto claimed = on.take(made);
  auto first = webhook_bench::result_of(claimed, claimed.deliveries.at(0),
                                        result_kind::retry, 1s);
  first.response_status.reset();
  first.error = "no\nanswer " + std::string(2000, 'x');
  first.response_head = std::string("\0\xFF{\"\\", 5);
  REQUIRE(on.record({first}).recorded == 1);
  auto first_at = on.clock().now() - 250ms;
  on.clock().advance(1s);
  on.record(on.take(made), result_kind::delivered);
  auto kept = value_of(on.session().delivery_attempts(on.owner(), id, 10));
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].delivery == claimed.deliveries[0].id);
  CHECK(kept[0].endpoint == made.id);
  CHECK(kept[0].attempted_at == first_at);
  CHECK(kept[0].duration == 200ms);
  CHECK_FALSE(kept[0].response_status);
  CHECK(kept[0].error.size() == 1000);
  CHECK(kept[0].error.substr(0, 11) == "no answer x");
  CHECK(kept[0].response_head == first.response_head);
  CHECK(kept[1].response_status == 204);
  CHECK(kept[1].error.empty());
  CHECK(kept[1].response_head.empty());
  CHECK(value_of(on.session().delivery_attempts(on.owner(), id, 1)).size() ==
        1);
  auto other = on.add_tenant("Other");
  CHECK(value_of(on.session().delivery_attempts(other.id(), id, 10)).empty());
}

TEST_CASE("an inbox and webhooks leave each other alone", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  auto ids = on.store_some(3);
  on.record(on.take(made, 1), result_kind::delivered);
  auto page = on.inbox();
  REQUIRE(page.size() == 3);
  for (const auto &entry : page) {
    CHECK(entry.status == db::delivery_status::pending);
    CHECK(entry.attempts == 0);
  }
  value_of(on.session().acknowledge(on.owner(), ids));
  CHECK(on.standing("delivered") == 1);
  CHECK(on.standing("pending") == 2);
  auto waiting = on.query();
  waiting.status = db::delivery_status::pending;
  CHECK(on.inbox(waiting).empty());
  CHECK(on.take(made).deliveries.size() == 2);
}

TEST_CASE("a delivery whose event is gone does not stand in the way",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  auto ids = on.store_some(2);
  on.store().execute("DELETE FROM events WHERE id = " + quoted(ids[0]));
  CHECK(on.take(made, 1).deliveries.empty());
  CHECK(on.take(made, 1).deliveries.size() == 1);
  CHECK(on.standing("skipped") == 1);
}

TEST_CASE("deliveries are counted by where they stand", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  CHECK(on.depth().pending == 0);
  on.store_some(10);
  on.record(on.take(made, 1), result_kind::dead_letter);
  on.record(on.take(made, 2), result_kind::retry);
  on.record(on.take(made, 1), result_kind::delivered);
  on.take(made, 2);
  auto found = on.depth();
  CHECK(found.pending == 4);
  CHECK(found.sending == 2);
  CHECK(found.failing == 2);
  CHECK(found.dead_letter == 1);
  CHECK(on.depth(3).pending == 3);
  CHECK(on.depth(1).sending == 1);
}

TEST_CASE("many at once are claimed and written down", "[conformance]") {
  webhook_bench on(EACH_STORE);
  on.add();
  auto made = on.add();
  on.store_some(256);
  std::vector<db::delivery_share> shares;
  for (int i = 0; i < 999; ++i)
    shares.push_back({db::endpoint_id::generate(), 4});
  shares.push_back({made.id, 256});
  auto claimed = on.take(on.request(shares, 256));
  REQUIRE(claimed.deliveries.size() == 256);
  std::vector<db::delivery_result> results;
  for (const auto &taken : claimed.deliveries) {
    auto &told = results.emplace_back(
        webhook_bench::result_of(claimed, taken, result_kind::retry, 1s));
    told.response_head = std::string(1024, '\x80');
  }
  CHECK(on.record(results).recorded == 256);
  CHECK(on.count("delivery_attempts") == 256);
}
