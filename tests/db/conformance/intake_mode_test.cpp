#include <atomic>
#include <thread>

#include "tests/db/conformance/bench.hpp"
#include "tests/support/faulty_store.hpp"

using namespace sluice;
using namespace sluice::tests;
using ingest = db::ingest_mode;
using processing = db::processing_mode;

TEST_CASE("at reject accept writes nothing and says when to ask again",
          "[conformance]") {
  bench on(EACH_STORE);
  auto known = make_event(on.owner(), {.dedup_id = "k"});
  on.accept(known);
  on.change_gate({.ingest = ingest::reject, .retry_after = 77s});
  auto events = make_events(on.owner(), 3);
  events.push_back(make_event(on.owner(), {.dedup_id = "fresh"}));
  // Not even what could be answered without a change.
  for (const auto &batch :
       {events, std::vector{make_event(on.owner(), {.dedup_id = "k"})}}) {
    auto answer = on.session().accept(batch, 24h);
    REQUIRE(!answer);
    CHECK(answer.error().code == db::errc::closed);
    CHECK(answer.error().retry_after == 77s);
    CHECK(answer.error().doubt.empty());
  }
  CHECK(on.count("event_queue") == 1);
  CHECK(on.count("events") == 0);
  CHECK(on.count("dedup_keys") == 1);
  CHECK(on.in_ledger("accepted") == 1);
  // The session may be used on, and the events come in later.
  on.turn(ingest::async);
  CHECK(value_of(on.session().accept(events, 24h)).size() == 4);
  CHECK(on.count("event_queue") == 5);
}

TEST_CASE("at sync accept writes into the log", "[conformance]") {
  bench on(EACH_STORE);
  on.turn(ingest::sync);
  on.clock().advance(1s);
  auto at = on.clock().now();
  auto event = make_event(
      on.owner(),
      {.type = "a.b", .payload = "{ \"b\" : 1.0 }", .dedup_id = "k"});
  auto outcome = on.accept(event);
  CHECK(outcome.what == accepted::created);
  CHECK(outcome.id == event.id);
  on.clock().advance(1min);
  auto view = value_of(on.session().find_event(on.owner(), event.id));
  REQUIRE(view);
  CHECK(view->where == db::event_view::place::stored);
  CHECK(view->type == "a.b");
  CHECK(view->payload == event.payload);
  CHECK(view->dedup_id == "k");
  CHECK(view->accepted_at == at);
  CHECK(view->stored_at == at);
  REQUIRE(view->deliveries.size() == 1);
  CHECK(view->deliveries[0].status == db::delivery_status::pending);
  CHECK(view->deliveries[0].attempts == 0);
  CHECK(view->deliveries[0].updated_at == at);
  auto page = on.inbox();
  REQUIRE(page.size() == 1);
  CHECK(page[0].id == event.id);
  CHECK(on.count("event_queue") == 0);
  CHECK(on.in_ledger("created") == 1);
  CHECK(on.in_ledger("accepted") == 0);
  CHECK(on.in_ledger("stored") == 0);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("at sync each endpoint that takes the type has a delivery",
          "[conformance]") {
  bench on(EACH_STORE);
  auto add = [&](const std::string &types) {
    on.store().execute(
        "INSERT INTO endpoints (id, organization_id, kind, url, event_types, "
        "state, inserted_at) VALUES ('" +
        db::uuid::generate_v7().to_string() + "', '" + on.owner().to_string() +
        "', 'push', 'https://example.com', " + types + ", 'active', " +
        on.store().literal(on.clock().now()) + ")");
  };
  add("NULL");
  auto other = on.add_tenant("Other");
  on.turn(ingest::sync);
  auto events = make_events(on.owner(), 3);
  events.push_back(make_event(other.id()));
  auto outcomes = value_of(on.session().accept(events, 24h));
  for (const auto &outcome : outcomes)
    CHECK(outcome.what == accepted::created);
  CHECK(on.count("event_deliveries") == 7);
  CHECK(on.count("event_deliveries d JOIN endpoints p ON p.id = d.endpoint_id "
                 "AND p.organization_id = d.organization_id JOIN events e ON "
                 "e.id = d.event_id AND e.organization_id = "
                 "d.organization_id") == 7);
  // A page of the inbox follows the order of the events.
  auto page = on.inbox();
  REQUIRE(page.size() == 3);
  for (std::size_t i = 0; i < page.size(); ++i)
    CHECK(page[i].id == events[i].id);
  CHECK(on.count("ledger WHERE kind = 'created'") == 2);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("keys decide at sync as they do at async", "[conformance]") {
  bench on(EACH_STORE);
  auto again = [&](const char *key, const char *payload = "{}") {
    return make_event(on.owner(), {.payload = payload, .dedup_id = key});
  };
  auto queued = again("queued");
  on.accept(queued, 60s);
  on.turn(ingest::sync);
  auto created = again("created");
  auto batch = std::vector{created, again("created"),
                           again("created", "{\"x\":1}"), again("queued")};
  auto outcomes = value_of(on.session().accept(batch, 60s));
  CHECK(outcomes[0].what == accepted::created);
  CHECK(outcomes[1].what == accepted::duplicate);
  CHECK(outcomes[1].id == created.id);
  CHECK(outcomes[2].what == accepted::mismatch);
  CHECK(outcomes[2].id == created.id);
  CHECK(outcomes[3].what == accepted::duplicate);
  CHECK(outcomes[3].id == queued.id);
  CHECK(on.count("events") == 1);
  // A key of the log expires, one of the queue does not.
  on.clock().advance(61s);
  CHECK(on.accept(again("created"), 60s).what == accepted::created);
  CHECK(on.accept(again("queued"), 60s).what == accepted::duplicate);
  on.turn(ingest::async);
  CHECK(on.accept(again("created"), 60s).what == accepted::duplicate);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("a batch at sync of which one event is impossible leaves nothing",
          "[conformance]") {
  bench on(EACH_STORE);
  on.turn(ingest::sync);
  auto events = make_events(on.owner(), 3);
  events[0].key = db::dedup_key{db::dedup_scope::event, "k"};
  events[2].id = events[1].id;
  auto answer = on.session().accept(events, 24h);
  REQUIRE(!answer);
  CHECK(answer.error().code == db::errc::rejected);
  CHECK(on.count("events") == 0);
  CHECK(on.count("event_deliveries") == 0);
  CHECK(on.count("dedup_keys") == 0);
  CHECK(on.count("ledger") == 0);
}

TEST_CASE("an accept at sync that is in doubt is resolved as created",
          "[conformance]") {
  bench on(EACH_STORE);
  on.turn(ingest::sync);
  auto source = std::make_shared<faulty_source>(on.store().source());
  auto session = value_of(source->connect(db::purpose::work));
  source->plan().add({.method = "accept",
                      .when = planned_fault::moment::after_effect,
                      .code = db::errc::in_doubt});
  auto event = make_event(on.owner());
  auto answer = session->accept({&event, 1}, 24h);
  REQUIRE(answer.error().code == db::errc::in_doubt);
  session = value_of(source->connect(db::purpose::work));
  auto outcomes = value_of(session->resolve(answer.error()));
  REQUIRE(outcomes);
  CHECK(outcomes->at(0).what == accepted::created);
  CHECK(outcomes->at(0).id == event.id);
}

TEST_CASE("once a change has returned, accept acts by it on every session",
          "[conformance]") {
  bench on(EACH_STORE);
  std::atomic<int> begun{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i)
    clients.emplace_back([&] {
      auto session = on.store().connect(db::purpose::intake);
      for (bool is_closed = false; !is_closed;) {
        auto events = make_events(on.owner(), 5);
        auto answer = session->accept(events, 24h);
        is_closed = !answer && answer.error().code == db::errc::closed;
        ++begun;
      }
    });
  while (begun < 20)
    std::this_thread::yield();
  on.turn(ingest::reject);
  auto at_the_change = on.count("event_queue");
  for (auto &client : clients)
    client.join();
  CHECK(on.count("event_queue") == at_the_change);
  CHECK(on.in_ledger("accepted") == at_the_change);
}
