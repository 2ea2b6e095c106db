#include <atomic>
#include <thread>

#include "tests/db/conformance/bench.hpp"
#include "tests/support/faulty_store.hpp"

using namespace sluice;
using namespace sluice::tests;
using ingest = db::ingest_mode;
using processing = db::processing_mode;

namespace {

/// Changes the gate; who and why are always given.
db::gate_state change(bench &on, db::gate_change what) {
  what.actor = "eve@example.com";
  what.reason = "a test";
  auto changed = value_of(on.session().change_gate(what));
  REQUIRE(changed);
  return *changed;
}

db::gate_state set(bench &on, ingest mode) {
  return change(on, {.ingest = mode});
}

db::gate_state set(bench &on, processing mode) {
  return change(on, {.processing = mode});
}

/// What `ledger` has of a kind.
long in_ledger(bench &on, const std::string &kind) {
  return on.store().count("SELECT coalesce(sum(count), 0) FROM ledger WHERE "
                          "kind = '" +
                          kind + "'");
}

/// Claims everything that is due and sends all of it to quarantine.
int quarantine_all(bench &on) {
  auto taken = on.claim();
  std::vector<db::failure> failures;
  for (auto id : ids_of(taken))
    failures.push_back({id, "bad", std::nullopt});
  return value_of(on.session().fail_items(taken.id, failures)).quarantined;
}

db::item_order order(const std::vector<db::event_id> &ids) {
  return {ids, "eve@example.com", "a test"};
}

bool is_balanced(bench &on) {
  return value_of(on.session().verify(10, 10s)).is_balanced();
}

} // namespace

// -- the dials ---------------------------------------------------------------

TEST_CASE("the gate of a new store is open, and nobody has touched it",
          "[conformance]") {
  bench on(EACH_STORE);
  auto state = value_of(on.session().gate());
  CHECK(state.version == 0);
  CHECK(state.ingest == ingest::async);
  CHECK(state.processing == processing::running);
  CHECK(state.delivery == db::delivery_mode::running);
  CHECK(state.retry_after == 30s);
  CHECK(!state.resume_at);
  CHECK(!state.drain_until);
  CHECK(state.changed_by.empty());
  CHECK(state.reason.empty());
  CHECK(!state.is_resume_due);
  CHECK(!state.is_drain_overdue);
  CHECK(!value_of(on.session().last_drain()));
}

TEST_CASE("a change turns the dials that it names, for good", "[conformance]") {
  bench on(EACH_STORE);
  auto first = change(on, {.ingest = ingest::sync, .retry_after = 7s});
  CHECK(first.version == 1);
  on.clock().advance(1min);
  auto at = on.clock().now();
  auto second = change(on, {.processing = processing::paused,
                            .delivery = db::delivery_mode::paused});
  on.clock().advance(1min);
  on.restart();
  for (const auto &state : {second, value_of(on.session().gate())}) {
    CHECK(state.version == 2);
    CHECK(state.ingest == ingest::sync);
    CHECK(state.processing == processing::paused);
    CHECK(state.delivery == db::delivery_mode::paused);
    CHECK(state.retry_after == 7s);
    CHECK(state.changed_by == "eve@example.com");
    CHECK(state.reason == "a test");
    CHECK(state.changed_at == at);
  }
}

TEST_CASE("a change that expects another version changes nothing",
          "[conformance]") {
  bench on(EACH_STORE);
  set(on, ingest::sync);
  auto stale = db::gate_change{.ingest = ingest::reject,
                               .expected_version = 0,
                               .actor = "bob",
                               .reason = "too late"};
  CHECK(!value_of(on.session().change_gate(stale)));
  CHECK(value_of(on.session().gate()).version == 1);
  CHECK(value_of(on.session().gate()).ingest == ingest::sync);
  CHECK(on.count("audit_log WHERE actor = 'bob'") == 0);
  stale.expected_version = 1;
  CHECK(value_of(on.session().change_gate(stale))->version == 2);
}

TEST_CASE("of changes at the same time that expect one version one is made",
          "[conformance]") {
  bench on(EACH_STORE);
  std::atomic<int> made{0};
  std::vector<std::thread> operators;
  for (int i = 0; i < 4; ++i)
    operators.emplace_back([&] {
      auto session = on.store().connect();
      // A conflict may be repeated at once; then the version is another.
      for (;;) {
        auto answer = session->change_gate({.ingest = ingest::sync,
                                            .expected_version = 0,
                                            .actor = "x",
                                            .reason = "y"});
        if (!answer && answer.error().code == db::errc::conflict)
          continue;
        made += answer && *answer ? 1 : 0;
        return;
      }
    });
  for (auto &one : operators)
    one.join();
  CHECK(made == 1);
  CHECK(value_of(on.session().gate()).version == 1);
}

TEST_CASE("a change stands in the audit log, in one line", "[conformance]") {
  bench on(EACH_STORE);
  auto changed = value_of(on.session().change_gate(
      {.ingest = ingest::sync,
       .processing = processing::paused,
       .actor = "eve\n@example.com",
       .reason = "two\nlines " + std::string(2000, 'x')}));
  CHECK(changed->changed_by == "eve @example.com");
  CHECK(changed->reason.starts_with("two lines x"));
  CHECK(changed->reason.size() == 1000);
  CHECK(on.count("audit_log WHERE actor = 'eve @example.com' AND action = "
                 "'gate' AND target = 'ingest=sync processing=paused' AND "
                 "length(reason) = 1000 AND reason LIKE 'two lines x%' AND "
                 "detail LIKE '%version=1 %' AND detail LIKE "
                 "'%delivery=running%' AND at = " +
                 on.store().literal(on.clock().now())) == 1);
}

TEST_CASE("dials know when they are due to go back", "[conformance]") {
  bench on(EACH_STORE);
  auto begun = on.clock().now();
  auto state = change(on, {.processing = processing::draining,
                           .resume_after = 10min,
                           .drain_within = 5min});
  CHECK(state.resume_at == begun + 10min);
  CHECK(state.drain_until == begun + 5min);
  CHECK(!state.is_resume_due);
  CHECK(!state.is_drain_overdue);
  on.clock().advance(5min);
  state = value_of(on.session().gate());
  CHECK(state.is_drain_overdue);
  CHECK(!state.is_resume_due);
  on.clock().advance(5min);
  CHECK(value_of(on.session().gate()).is_resume_due);
}

TEST_CASE("a change forgets when earlier dials were to go back",
          "[conformance]") {
  bench on(EACH_STORE);
  change(on, {.processing = processing::draining,
              .resume_after = 10min,
              .drain_within = 5min});
  SECTION("while draining goes on, its limit stays") {
    auto state = set(on, ingest::sync);
    CHECK(!state.resume_at);
    CHECK(state.drain_until == on.clock().now() + 5min);
  }
  SECTION("a drain that is ordered anew has the limit that it names") {
    CHECK(!set(on, processing::draining).drain_until);
  }
  SECTION("only a drain has a limit") {
    auto state =
        change(on, {.processing = processing::paused, .drain_within = 5min});
    CHECK(!state.resume_at);
    CHECK(!state.drain_until);
    on.clock().advance(1h);
    CHECK(!value_of(on.session().gate()).is_drain_overdue);
    CHECK(!value_of(on.session().gate()).is_resume_due);
  }
}

TEST_CASE("nobody sets the gate to drained by hand", "[conformance]") {
  bench on(EACH_STORE);
  auto answer = on.session().change_gate(
      {.processing = processing::drained, .actor = "eve", .reason = "why not"});
  REQUIRE(!answer);
  CHECK(answer.error().code == db::errc::rejected);
  CHECK(value_of(on.session().gate()).version == 0);
}

// -- ingest ------------------------------------------------------------------

TEST_CASE("at reject accept writes nothing and says when to ask again",
          "[conformance]") {
  bench on(EACH_STORE);
  auto known = make_event(on.owner(), {.dedup_id = "k"});
  on.accept(known);
  change(on, {.ingest = ingest::reject, .retry_after = 77s});
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
  CHECK(in_ledger(on, "accepted") == 1);
  // The session may be used on, and the events come in later.
  set(on, ingest::async);
  CHECK(value_of(on.session().accept(events, 24h)).size() == 4);
  CHECK(on.count("event_queue") == 5);
}

TEST_CASE("at sync accept writes into the log", "[conformance]") {
  bench on(EACH_STORE);
  set(on, ingest::sync);
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
  CHECK(in_ledger(on, "created") == 1);
  CHECK(in_ledger(on, "accepted") == 0);
  CHECK(in_ledger(on, "stored") == 0);
  CHECK(is_balanced(on));
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
  set(on, ingest::sync);
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
  CHECK(is_balanced(on));
}

TEST_CASE("keys decide at sync as they do at async", "[conformance]") {
  bench on(EACH_STORE);
  auto again = [&](const char *key, const char *payload = "{}") {
    return make_event(on.owner(), {.payload = payload, .dedup_id = key});
  };
  auto queued = again("queued");
  on.accept(queued, 60s);
  set(on, ingest::sync);
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
  set(on, ingest::async);
  CHECK(on.accept(again("created"), 60s).what == accepted::duplicate);
  CHECK(is_balanced(on));
}

TEST_CASE("a batch at sync of which one event is impossible leaves nothing",
          "[conformance]") {
  bench on(EACH_STORE);
  set(on, ingest::sync);
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
  set(on, ingest::sync);
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
  set(on, ingest::reject);
  auto at_the_change = on.count("event_queue");
  for (auto &client : clients)
    client.join();
  CHECK(on.count("event_queue") == at_the_change);
  CHECK(in_ledger(on, "accepted") == at_the_change);
}

// -- processing --------------------------------------------------------------

TEST_CASE("while processing is paused nothing is claimed", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(5);
  auto before = on.claim(2);
  CHECK(!before.is_paused);
  REQUIRE(before.items.size() == 2);
  set(on, processing::paused);
  auto none = on.claim();
  CHECK(none.is_paused);
  CHECK(none.items.empty());
  CHECK(on.count("event_queue WHERE status = 'pending'") == 3);
  // What was claimed before is finished; events still come in.
  CHECK(value_of(on.session().move(before.id)) == 2);
  on.accept_some(1);
  set(on, processing::running);
  auto after = on.claim();
  CHECK(!after.is_paused);
  CHECK(after.items.size() == 4);
  CHECK(!on.claim().is_paused);
}

TEST_CASE("while draining items are claimed as ever", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(2);
  set(on, processing::draining);
  auto taken = on.claim();
  CHECK(!taken.is_paused);
  CHECK(taken.items.size() == 2);
}

// -- draining ----------------------------------------------------------------

TEST_CASE("a drain is not finished before it is", "[conformance]") {
  bench on(EACH_STORE);
  SECTION("when nobody has ordered one") {
    CHECK(!value_of(on.session().finish_drain()));
    set(on, processing::paused);
    CHECK(!value_of(on.session().finish_drain()));
    CHECK(value_of(on.session().gate()).processing == processing::paused);
  }
  SECTION("while an item is pending, be it for later only") {
    auto ids = on.accept_some(1);
    set(on, processing::draining);
    CHECK(!value_of(on.session().finish_drain()));
    auto taken = on.claim();
    auto failed = db::failure{ids[0], "later", 1h};
    value_of(on.session().fail_items(taken.id, {&failed, 1}));
    CHECK(!value_of(on.session().finish_drain()));
  }
  SECTION("while an item is being processed") {
    on.accept_some(1);
    set(on, processing::draining);
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
  change(on, {.processing = processing::draining, .drain_within = 1h});
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
  REQUIRE(quarantine_all(on) == 3);
  auto waiting = on.accept_some(4);
  set(on, processing::draining);
  CHECK(value_of(on.session().requeue(order({bad[1], waiting[0]}))) == 1);
  CHECK(value_of(on.session().discard(
            order({bad[2], waiting[0], db::event_id::generate()}))) == 2);
  // Of those that wait now, two go to quarantine; one of them is discarded
  // there.
  auto taken = on.claim(2);
  std::vector<db::failure> failures;
  for (auto id : ids_of(taken))
    failures.push_back({id, "bad", std::nullopt});
  value_of(on.session().fail_items(taken.id, failures));
  CHECK(value_of(on.session().discard(order({failures[0].id}))) == 1);
  set(on, ingest::sync);
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
  CHECK(is_balanced(on));
}

TEST_CASE("a drain that is ordered twice has its first beginning",
          "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(2);
  auto begun_at = on.clock().now();
  set(on, processing::draining);
  on.clock().advance(1s);
  on.move_all();
  set(on, processing::draining);
  auto made = value_of(on.session().finish_drain());
  REQUIRE(made);
  CHECK(made->begun_at == begun_at);
  CHECK(made->waiting_before == 2);
  CHECK(made->stored == 2);
  // One after it was given up begins anew.
  set(on, processing::running);
  on.accept_some(1);
  set(on, processing::draining);
  on.move_all();
  CHECK(value_of(on.session().finish_drain())->waiting_before == 1);
  CHECK(value_of(on.session().last_drain())->stored == 1);
}

TEST_CASE("of many who finish a drain at the same time one does",
          "[conformance]") {
  bench on(EACH_STORE);
  set(on, processing::draining);
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
