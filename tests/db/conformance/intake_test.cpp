#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

TEST_CASE("accept queues an event as it is", "[conformance]") {
  bench on(EACH_STORE);
  auto event = make_event(
      on.owner(), {.type = "a.b:c/d-e_1",
                   .payload = "{ \"b\" : 1.0, \"a\":\"\\u00e4 \xC3\xA4\" }",
                   .dedup_id = "order-1"});
  auto accepted_at = on.clock().now();
  auto outcome = on.accept(event);
  CHECK(outcome.what == accepted::accepted);
  CHECK(outcome.id == event.id);
  on.clock().advance(1min);
  auto view = value_of(on.session().find_event(on.owner(), event.id));
  REQUIRE(view);
  CHECK(view->where == db::event_view::place::queued);
  CHECK(view->id == event.id);
  CHECK(view->type == event.type);
  CHECK(view->payload == event.payload);
  CHECK(view->dedup_id == "order-1");
  CHECK(view->accepted_at == accepted_at);
  CHECK(!view->stored_at);
  CHECK(view->attempts == 0);
  CHECK(view->last_error.empty());
  CHECK(view->deliveries.empty());
}

TEST_CASE("accept returns one outcome for each event, in order",
          "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  std::vector<db::new_event> events;
  for (int i = 0; i < 300; ++i)
    events.push_back(
        make_event(i % 3 == 0 ? other.id() : on.owner(), {.payload = "{}"}));
  auto outcomes = value_of(on.session().accept(events, 24h));
  REQUIRE(outcomes.size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i)
    CHECK(outcomes[i].id == events[i].id);
  CHECK(on.count("event_queue WHERE status = 'pending'") == 300);
  auto sums = "SELECT sum(count) FROM ledger WHERE kind = 'accepted' AND "
              "organization_id = '";
  CHECK(on.store().count(sums + on.owner().to_string() + "'") == 200);
  CHECK(on.store().count(sums + other.id().to_string() + "'") == 100);
}

TEST_CASE("accept of nothing changes nothing", "[conformance]") {
  bench on(EACH_STORE);
  CHECK(value_of(on.session().accept({}, 24h)).empty());
  CHECK(on.count("ledger") == 0);
}

TEST_CASE("a payload of the largest size comes back byte for byte",
          "[conformance]") {
  bench on(EACH_STORE);
  auto payload = "{\"x\":\"" + std::string(300'000, 'y') + "\"}";
  auto event = make_event(on.owner(), {.payload = payload});
  on.accept(event);
  on.move_all();
  CHECK(value_of(on.session().find_event(on.owner(), event.id))->payload ==
        payload);
}

TEST_CASE("the first event with a key wins", "[conformance]") {
  bench on(EACH_STORE);
  auto first = make_event(on.owner(), {.dedup_id = "k"});
  auto again = make_event(on.owner(), {.dedup_id = "k"});
  auto changed =
      make_event(on.owner(), {.payload = R"({"order":2})", .dedup_id = "k"});
  auto retyped =
      make_event(on.owner(), {.type = "order.deleted", .dedup_id = "k"});

  SECTION("within one batch, in its order") {
    auto events = std::vector{first, again, changed, retyped};
    auto outcomes = value_of(on.session().accept(events, 24h));
    CHECK(outcomes[0].what == accepted::accepted);
    CHECK(outcomes[1].what == accepted::duplicate);
    CHECK(outcomes[2].what == accepted::mismatch);
    CHECK(outcomes[3].what == accepted::mismatch);
    for (const auto &outcome : outcomes)
      CHECK(outcome.id == first.id);
  }
  SECTION("against earlier calls") {
    on.accept(first);
    auto outcome = on.accept(again);
    CHECK(outcome.what == accepted::duplicate);
    CHECK(outcome.id == first.id);
    CHECK(on.accept(changed).what == accepted::mismatch);
    CHECK(on.accept(retyped).what == accepted::mismatch);
  }
  SECTION("against earlier calls, after a restart") {
    on.accept(first);
    on.restart();
    CHECK(on.accept(again).what == accepted::duplicate);
  }
  CHECK(on.count("event_queue") == 1);
  CHECK(on.store().count("SELECT sum(count) FROM ledger") == 1);
}

TEST_CASE("keys of different scope or organization never meet",
          "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  CHECK(on.accept(make_event(on.owner(), {.dedup_id = "k"})).what ==
        accepted::accepted);
  CHECK(on.accept(make_event(on.owner(), {.request_key = "k"})).what ==
        accepted::accepted);
  CHECK(on.accept(make_event(other.id(), {.dedup_id = "k"})).what ==
        accepted::accepted);
  CHECK(on.accept(make_event(on.owner(), {.dedup_id = "K"})).what ==
        accepted::accepted);
  CHECK(on.accept(make_event(on.owner(), {.request_key = "k"})).what ==
        accepted::duplicate);
}

TEST_CASE("a request's key is not kept with the event", "[conformance]") {
  bench on(EACH_STORE);
  auto event = make_event(on.owner(), {.request_key = "secret-ish"});
  on.accept(event);
  CHECK(!value_of(on.session().find_event(on.owner(), event.id))->dedup_id);
  on.move_all();
  CHECK(!value_of(on.session().find_event(on.owner(), event.id))->dedup_id);
}

TEST_CASE("a key holds for the window after its event was stored",
          "[conformance]") {
  bench on(EACH_STORE);
  auto first = make_event(on.owner(), {.dedup_id = "k"});
  on.accept(first, 60s);
  on.move_all();
  on.clock().advance(59s);
  CHECK(on.accept(make_event(on.owner(), {.dedup_id = "k"}), 60s).id ==
        first.id);
  on.clock().advance(2s);
  auto second = make_event(on.owner(), {.dedup_id = "k"});
  auto outcome = on.accept(second, 60s);
  CHECK(outcome.what == accepted::accepted);
  CHECK(outcome.id == second.id);
  // The second event is the one that counts from here.
  CHECK(on.accept(make_event(on.owner(), {.dedup_id = "k"}), 60s).id ==
        second.id);
}

TEST_CASE("a key whose event is still queued does not expire",
          "[conformance]") {
  bench on(EACH_STORE);
  auto first = make_event(on.owner(), {.dedup_id = "k"});
  on.accept(first, 60s);

  SECTION("pending") {}
  SECTION("processing") {
    REQUIRE(on.claim().items.size() == 1);
  }
  SECTION("quarantined") {
    auto taken = on.claim();
    auto failed = db::failure{first.id, "no", std::nullopt};
    value_of(on.session().fail_items(taken.id, {&failed, 1}));
  }
  on.clock().advance(1h);
  auto outcome = on.accept(make_event(on.owner(), {.dedup_id = "k"}), 60s);
  CHECK(outcome.what == accepted::duplicate);
  CHECK(outcome.id == first.id);
}

TEST_CASE("a batch of which one event is impossible leaves nothing",
          "[conformance]") {
  bench on(EACH_STORE);
  auto events = make_events(on.owner(), 3);
  events[0].key = db::dedup_key{db::dedup_scope::event, "k"};
  // An id that is in the queue already is refused by every store.
  auto known = make_event(on.owner());
  on.accept(known);
  events[2].id = known.id;
  auto answer = on.session().accept(events, 24h);
  REQUIRE(!answer);
  CHECK(answer.error().code == db::errc::rejected);
  CHECK(answer.error().text.find("order\":") == std::string::npos);
  CHECK(on.count("event_queue") == 1);
  CHECK(on.count("dedup_keys") == 0);
  CHECK(on.store().count("SELECT sum(count) FROM ledger") == 1);
  // The session may be used on.
  events[2].id = db::event_id::generate();
  CHECK(value_of(on.session().accept(events, 24h)).size() == 3);
}

TEST_CASE("text that PostgreSQL can't keep is refused whole, by PostgreSQL",
          "[conformance]") {
  for (const auto &name : available_stores()) {
    if (name != "postgres")
      continue;
    bench on(name);
    auto events = make_events(on.owner(), 2);
    events[1].payload = GENERATE(std::string("{\"a\":\"\xC3\x28\"}"),
                                 std::string("{\"a\":\"\0\"}", 9));
    auto answer = on.session().accept(events, 24h);
    REQUIRE(!answer);
    CHECK(answer.error().code == db::errc::rejected);
    CHECK(on.count("event_queue") == 0);
    CHECK(on.accept(make_event(on.owner())).what == accepted::accepted);
  }
}

TEST_CASE("resolve refuses a doubt that is not this store's", "[conformance]") {
  bench on(EACH_STORE);
  auto answer = on.session().resolve({db::errc::in_doubt, "x", "nonsense"});
  CHECK(!answer);
}
