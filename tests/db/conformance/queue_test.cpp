#include <algorithm>
#include <set>

#include "tests/db/conformance/tampering.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

constexpr char operators_update[] =
    "UPDATE event_queue SET status = 'pending' WHERE status = 'processing'";

} // namespace

TEST_CASE("claim_items takes what is due, the longest due first",
          "[conformance]") {
  bench on(EACH_STORE);
  std::vector<db::event_id> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(on.accept_some(1).at(0));
    on.clock().advance(1s);
  }
  auto taken = on.claim(3);
  auto found = ids_of(taken);
  CHECK(std::set(found.begin(), found.end()) ==
        std::set(ids.begin(), ids.begin() + 3));
  CHECK(on.claim(1).items.at(0).id == ids[3]);
  CHECK(on.claim(10).items.size() == 1);
  CHECK(on.claim(10).items.empty());
}

TEST_CASE("a claimed item shows who holds it", "[conformance]") {
  bench on(EACH_STORE);
  auto id = on.accept_some(1).at(0);
  on.clock().advance(1s);
  auto taken = on.claim();
  CHECK(taken.items.at(0).attempts == 0);
  CHECK(value_of(on.session().find_event(on.owner(), id))->where ==
        db::event_view::place::processing);
  CHECK(on.count("event_queue WHERE status = 'processing' AND claim_id = '" +
                 taken.id.to_string() + "' AND claimed_by = '" +
                 on.node().id.to_string() + "' AND processing_started_at = " +
                 on.store().literal(on.clock().now())) == 1);
}

TEST_CASE("move brings an item into the log and to the inbox",
          "[conformance]") {
  bench on(EACH_STORE);
  auto event = make_event(
      on.owner(), {.payload = "{\"b\":1.0,  \"a\":2}", .dedup_id = "k"});
  auto accepted_at = on.clock().now();
  on.accept(event);
  on.clock().advance(1s);
  auto taken = on.claim();
  on.clock().advance(1s);
  auto outcome = value_of(on.session().move_each(taken.id, ids_of(taken)));
  CHECK(outcome.moved == 1);
  CHECK(outcome.lost == 0);
  auto view = value_of(on.session().find_event(on.owner(), event.id));
  REQUIRE(view);
  CHECK(view->where == db::event_view::place::stored);
  CHECK(view->type == event.type);
  CHECK(view->payload == event.payload);
  CHECK(view->dedup_id == "k");
  CHECK(view->accepted_at == accepted_at);
  CHECK(view->stored_at == on.clock().now());
  REQUIRE(view->deliveries.size() == 1);
  CHECK(view->deliveries[0].status == db::delivery_status::pending);
  CHECK(view->deliveries[0].attempts == 0);
  CHECK(view->deliveries[0].updated_at == on.clock().now());
  CHECK(on.count("event_queue") == 0);
  CHECK(on.store().count("SELECT sum(count) FROM ledger WHERE kind = "
                         "'stored'") == 1);
}

TEST_CASE("a delivery's id is a version 7 UUID that begins like its event's",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(20);
  on.move_all();
  for (const auto &entry : on.inbox()) {
    auto text = entry.position.to_string();
    CHECK(text.substr(0, 18) == entry.id.to_string().substr(0, 18));
    CHECK(text[14] == '7');
    CHECK(std::string("89ab").find(text[19]) != std::string::npos);
  }
}

TEST_CASE("move takes only the items that it is told", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(4);
  auto taken = on.claim();
  auto some = std::vector{ids[0], ids[2]};
  CHECK(value_of(on.session().move_each(taken.id, some)).moved == 2);
  CHECK(on.count("events") == 2);
  CHECK(on.count("event_queue WHERE status = 'processing'") == 2);
  // Moved once, an item is somebody else's for ever.
  auto again = value_of(on.session().move_each(taken.id, ids));
  CHECK(again.moved == 2);
  CHECK(again.lost == 2);
  CHECK(on.count("events") == 4);
  CHECK(on.count("event_deliveries") == 4);
}

TEST_CASE("move of nothing, of unknown ids and of an id named twice",
          "[conformance]") {
  bench on(EACH_STORE);
  auto id = on.accept_some(1).at(0);
  auto taken = on.claim();
  CHECK(value_of(on.session().move_each(taken.id, {})).moved == 0);
  auto unknown = db::event_id::generate();
  CHECK(value_of(on.session().move_each(taken.id, {&unknown, 1})).lost == 1);
  auto twice = std::vector{id, id};
  auto outcome = value_of(on.session().move_each(taken.id, twice));
  CHECK(outcome.moved == 1);
  CHECK(outcome.lost == 1);
  CHECK(outcome.refused.empty());
  CHECK(on.count("events") == 1);
}

TEST_CASE("an item that the database refuses costs only itself",
          "[conformance]") {
  bench on(EACH_STORE);
  for (const auto &sql : refusing_trigger(on.store()))
    on.store().execute(sql);
  auto good = on.accept_some(25);
  std::vector<db::event_id> bad;
  for (int i = 0; i < 2; ++i) {
    auto event = make_event(on.owner());
    event.type = "refused";
    bad.push_back(on.accept(event).id);
  }
  auto taken = on.claim();
  auto together = on.session().move(taken.id);
  REQUIRE_FALSE(together);
  CHECK(together.error().code == db::errc::rejected);
  CHECK(on.count("events") == 0);

  auto outcome = value_of(on.session().move_each(taken.id, ids_of(taken)));
  CHECK(outcome.moved == 25);
  CHECK(outcome.lost == 0);
  REQUIRE(outcome.refused.size() == 2);
  for (const auto &refused : outcome.refused) {
    CHECK(std::count(bad.begin(), bad.end(), refused.id) == 1);
    CHECK_THAT(refused.reason, Catch::Contains("not this one"));
  }
  CHECK(on.count("events") == 25);
  CHECK(on.count("event_deliveries") == 25);
  CHECK(on.count("event_queue WHERE status = 'processing'") == 2);
}

TEST_CASE("many items that the database refuses cost only themselves",
          "[conformance]") {
  bench on(EACH_STORE);
  for (const auto &sql : refusing_trigger(on.store()))
    on.store().execute(sql);
  // At the ends, next to each other, and where a run of fifty ends.
  const std::set bad_places{0, 10, 49, 50, 60, 61, 62, 99, 129};
  auto events = make_events(on.owner(), 130);
  std::set<db::event_id> bad;
  for (auto place : bad_places) {
    events[static_cast<std::size_t>(place)].type = "refused";
    bad.insert(events[static_cast<std::size_t>(place)].id);
  }
  value_of(on.session().accept(events, 24h));
  auto taken = on.claim(200);
  auto outcome = value_of(on.session().move_each(taken.id, ids_of(taken)));
  CHECK(outcome.moved == 121);
  CHECK(outcome.lost == 0);
  std::set<db::event_id> refused;
  for (const auto &one : outcome.refused)
    refused.insert(one.id);
  CHECK(outcome.refused.size() == bad.size());
  CHECK(refused == bad);
  CHECK(on.count("events WHERE type <> 'refused'") == 121);
  CHECK(on.count("event_deliveries") == 121);
  CHECK(on.count("event_queue WHERE status = 'processing'") == 9);
  CHECK(on.in_ledger("stored") == 121);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("what a COMMIT refuses stays claimed, and fewer ids tell which",
          "[conformance]") {
  bench on(EACH_STORE);
  for (const auto &sql : refusing_commit(on.store()))
    on.store().execute(sql);
  auto events = make_events(on.owner(), 4);
  events[2].type = "refused";
  value_of(on.session().accept(events, 24h));
  const auto all = ids_of(events);
  const auto taken = on.claim();
  const auto is_refused = [](const auto &answer) {
    return !answer && answer.error().code == db::errc::rejected;
  };
  CHECK(is_refused(on.session().move(taken.id)));
  CHECK(is_refused(on.session().move_each(taken.id, all)));
  CHECK(on.count("events") == 0);
  CHECK(on.count("event_queue WHERE status = 'processing'") == 4);
  CHECK(is_refused(on.session().move_each(taken.id, {&all[2], 1})));
  const auto others = std::vector{all[0], all[1], all[3]};
  CHECK(value_of(on.session().move_each(taken.id, others)).moved == 3);
  const auto failed = db::failure{all[2], "not this one", std::nullopt};
  CHECK(value_of(on.session().fail_items(taken.id, {&failed, 1})).quarantined ==
        1);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("an operator's UPDATE takes the claim away and doubles nothing",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(10);
  auto stale = on.claim();
  on.store().execute(operators_update);

  SECTION("before anybody else claimed") {
    auto outcome = value_of(on.session().move_each(stale.id, ids));
    CHECK(outcome.moved == 0);
    CHECK(outcome.lost == 10);
    CHECK(on.count("events") == 0);
    on.move_all();
  }
  SECTION("while somebody else holds the items") {
    auto fresh = on.claim();
    REQUIRE(fresh.items.size() == 10);
    CHECK(fresh.items[0].attempts == 0);
    CHECK(value_of(on.session().move_each(stale.id, ids)).lost == 10);
    CHECK(value_of(on.session().release(stale.id, ids)) == 0);
    auto failed = db::failure{ids[0], "late", 1s};
    CHECK(value_of(on.session().fail_items(stale.id, {&failed, 1})).lost == 1);
    CHECK(value_of(on.session().move_each(fresh.id, ids)).moved == 10);
  }
  SECTION("after somebody else moved them") {
    on.move_all();
    CHECK(value_of(on.session().move_each(stale.id, ids)).lost == 10);
  }
  CHECK(on.count("events") == 10);
  CHECK(on.count("event_deliveries") == 10);
  CHECK(on.count("event_queue") == 0);
}

TEST_CASE("fail_items sends an item back, later", "[conformance]") {
  bench on(EACH_STORE);
  auto id = on.accept_some(1).at(0);
  auto taken = on.claim();
  auto failed = db::failure{id, "first\nline", 10s};
  auto outcome = value_of(on.session().fail_items(taken.id, {&failed, 1}));
  CHECK(outcome.retried == 1);
  CHECK(outcome.quarantined == 0);
  CHECK(outcome.lost == 0);
  auto view = value_of(on.session().find_event(on.owner(), id));
  CHECK(view->where == db::event_view::place::queued);
  CHECK(view->attempts == 1);
  CHECK(view->last_error.find("first") == 0);
  CHECK(view->last_error.find('\n') == std::string::npos);
  CHECK(on.claim().items.empty());
  on.clock().advance(10s);
  auto again = on.claim();
  REQUIRE(again.items.size() == 1);
  CHECK(again.items[0].attempts == 1);
}

TEST_CASE("fail_items sends an item to quarantine", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(2);
  auto taken = on.claim();
  auto failures =
      std::vector{db::failure{ids[0], "bad", std::nullopt},
                  db::failure{ids[1], "later", 0ms},
                  db::failure{db::event_id::generate(), "whose?", 0ms}};
  auto outcome = value_of(on.session().fail_items(taken.id, failures));
  CHECK(outcome.quarantined == 1);
  CHECK(outcome.retried == 1);
  CHECK(outcome.lost == 1);
  auto view = value_of(on.session().find_event(on.owner(), ids[0]));
  CHECK(view->where == db::event_view::place::quarantined);
  CHECK(view->attempts == 1);
  CHECK(view->last_error == "bad");
  on.clock().advance(24h);
  auto next = on.claim();
  REQUIRE(next.items.size() == 1);
  CHECK(next.items[0].id == ids[1]);
}

TEST_CASE("a long reason is cut between two characters", "[conformance]") {
  bench on(EACH_STORE);
  auto id = on.accept_some(1).at(0);
  auto taken = on.claim();
  std::string reason = "x";
  for (int i = 0; i < 800; ++i)
    reason += "\xC3\xA4";
  auto failed = db::failure{id, reason, 0ms};
  value_of(on.session().fail_items(taken.id, {&failed, 1}));
  auto kept = value_of(on.session().find_event(on.owner(), id))->last_error;
  CHECK(kept == reason.substr(0, 999));
}

TEST_CASE("release returns items as if they had never been claimed",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(3);
  auto taken = on.claim();
  SECTION("those named") {
    auto some = std::vector{ids[0], db::event_id::generate()};
    CHECK(value_of(on.session().release(taken.id, some)) == 1);
    CHECK(on.claim().items.size() == 1);
  }
  SECTION("all") {
    CHECK(value_of(on.session().release(taken.id, {})) == 3);
    auto again = on.claim();
    REQUIRE(again.items.size() == 3);
    CHECK(again.items[0].attempts == 0);
    CHECK(value_of(on.session().release(taken.id, {})) == 0);
  }
}

TEST_CASE("depth counts by status, up to its limit", "[conformance]") {
  bench on(EACH_STORE);
  auto empty = value_of(on.session().depth(100));
  CHECK(empty.pending == 0);
  CHECK(empty.exact);
  CHECK(!empty.oldest_pending);

  auto ids = on.accept_some(7);
  on.clock().advance(5s);
  auto taken = on.claim(1);
  auto failed = db::failure{taken.items.at(0).id, "bad", std::nullopt};
  value_of(on.session().fail_items(taken.id, {&failed, 1}));
  on.claim(2);
  auto depth = value_of(on.session().depth(100));
  CHECK(depth.pending == 4);
  CHECK(depth.processing == 2);
  CHECK(depth.quarantined == 1);
  CHECK(depth.exact);
  CHECK(depth.oldest_pending == 5s);
  auto bounded = value_of(on.session().depth(3));
  CHECK(bounded.pending == 3);
  CHECK(bounded.processing == 2);
  CHECK(!bounded.exact);
}

TEST_CASE("depth sees no age in items that are not due", "[conformance]") {
  bench on(EACH_STORE);
  auto id = on.accept_some(1).at(0);
  auto taken = on.claim();
  auto failed = db::failure{id, "later", 1h};
  value_of(on.session().fail_items(taken.id, {&failed, 1}));
  auto depth = value_of(on.session().depth(100));
  CHECK(depth.pending == 1);
  CHECK(!depth.oldest_pending);
}
