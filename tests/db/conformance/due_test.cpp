#include <algorithm>
#include <set>

#include "tests/db/conformance/tampering.hpp"

using namespace sluice;
using namespace sluice::tests;
using processing = db::processing_mode;

namespace {

struct due_bench : bench {
  using bench::bench;

  db::result<db::due_outcome> try_to_move(int limit = 100) {
    return session().move_due({node().id, limit});
  }

  std::vector<db::event_id> move_due(int limit = 100) {
    std::vector<db::event_id> ids;
    for (const auto &item : value_of(try_to_move(limit)).moved)
      ids.push_back(item.id);
    return ids;
  }

  long waiting_in(int lane) {
    return count("event_queue WHERE lane = " + std::to_string(lane));
  }
};

} // namespace

TEST_CASE("move_due brings what is due into the log and to the inbox",
          "[conformance]") {
  due_bench on(EACH_STORE);
  auto event = make_event(
      on.owner(), {.payload = "{\"b\":1.0,  \"a\":2}", .dedup_id = "k"});
  auto accepted_at = on.clock().now();
  on.accept(event);
  on.clock().advance(1s);
  auto outcome = value_of(on.try_to_move());
  CHECK_FALSE(outcome.is_paused);
  REQUIRE(outcome.moved.size() == 1);
  CHECK(outcome.moved[0].id == event.id);
  CHECK(outcome.moved[0].organization == on.owner());
  CHECK(outcome.moved[0].attempts == 0);
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
  CHECK(on.inbox().size() == 1);
  CHECK(on.count("event_queue") == 0);
  CHECK(on.count("ledger WHERE kind = 'stored' AND count = 1 AND node = '" +
                 on.node().id.to_string() + "'") == 1);
  CHECK(on.verify().is_balanced());
  CHECK(on.move_due().empty());
}

TEST_CASE("move_due leaves what is not due, or somebody else's",
          "[conformance]") {
  due_bench on(EACH_STORE);
  on.quarantine_some(1);
  on.accept_some(2);
  auto held = on.claim(1);
  auto later = on.claim(1);
  auto failed = db::failure{later.items.at(0).id, "later", 10s};
  value_of(on.session().fail_items(later.id, {&failed, 1}));
  CHECK(on.move_due().empty());
  on.clock().advance(10s);
  auto outcome = value_of(on.try_to_move());
  REQUIRE(outcome.moved.size() == 1);
  CHECK(outcome.moved[0].id == failed.id);
  CHECK(outcome.moved[0].attempts == 1);
  CHECK(value_of(on.session().move(held.id)) == 1);
  CHECK(on.count("event_queue WHERE status = 'quarantined'") == 1);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("move_due has its limit, and takes the longest due first",
          "[conformance]") {
  due_bench on(EACH_STORE);
  std::vector<db::event_id> ids;
  for (int i = 0; i < 5; ++i)
    ids.push_back(on.accept_into(1, 1).at(0));
  auto first = on.move_due(3);
  CHECK(std::set(first.begin(), first.end()) ==
        std::set(ids.begin(), ids.begin() + 3));
  CHECK(on.move_due(1) == std::vector{ids[3]});
  CHECK(on.move_due(3) == std::vector{ids[4]});
  CHECK(on.count("events") == 5);
}

TEST_CASE("move_due leaves a quarter to the lanes behind", "[conformance]") {
  due_bench on(EACH_STORE);
  on.accept_into(3, 400);
  on.accept_into(0, 400);
  CHECK(on.move_due(100).size() == 100);
  CHECK(on.waiting_in(0) == 325);
  CHECK(on.waiting_in(3) == 375);
  // What a lane has no items for goes to the others.
  CHECK(on.move_due(600).size() == 600);
  CHECK(on.waiting_in(0) == 0);
  CHECK(on.waiting_in(3) == 100);
  CHECK(on.move_due(600).size() == 100);
  CHECK(on.count("events") == 800);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("move_due keeps each organization's books", "[conformance]") {
  due_bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  for (int i = 0; i < 3; ++i) {
    on.accept(make_event(on.owner()));
    on.accept(make_event(other.id()));
  }
  on.accept(make_event(other.id()));
  auto moved = value_of(on.try_to_move()).moved;
  CHECK(std::ranges::count(moved, other.id(),
                           &db::claimed_item::organization) == 4);
  CHECK(on.store().count("SELECT sum(count) FROM ledger WHERE kind = 'stored'"
                         " AND organization_id = '" +
                         other.id().to_string() + "'") == 4);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("while processing is paused nothing is moved", "[conformance]") {
  due_bench on(EACH_STORE);
  on.accept_some(3);
  on.turn(processing::paused);
  auto none = value_of(on.try_to_move());
  CHECK(none.is_paused);
  CHECK(none.moved.empty());
  CHECK(on.count("event_queue WHERE status = 'pending'") == 3);
  on.turn(processing::draining);
  CHECK(on.move_due().size() == 3);
  REQUIRE(value_of(on.session().finish_drain()));
  CHECK(value_of(on.try_to_move()).is_paused);
}

TEST_CASE("an item that the database refuses leaves all of them waiting",
          "[conformance]") {
  due_bench on(EACH_STORE);
  for (const auto &sql : refusing_trigger(on.store()))
    on.store().execute(sql);
  on.accept_some(20);
  auto event = make_event(on.owner());
  event.type = "refused";
  event.lane = GENERATE(0, 2);
  on.accept(event);
  auto refused = on.try_to_move();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == db::errc::rejected);
  CHECK(on.count("events") == 0);
  CHECK(on.count("event_deliveries") == 0);
  CHECK(on.count("event_queue WHERE status = 'pending' AND attempts = 0") ==
        21);
  CHECK(on.verify().is_balanced());
  // The session is good for a claim, which finds out which.
  auto taken = on.claim();
  CHECK(
      value_of(on.session().move_each(taken.id, tests::ids_of(taken))).moved ==
      20);
}

TEST_CASE("what a COMMIT refused is found again at once", "[conformance]") {
  auto stores = available_stores();
  // SQLite has no such triggers.
  if (std::find(stores.begin(), stores.end(), "postgres") == stores.end())
    return;
  due_bench on("postgres");
  for (int second = 0; second < 4; ++second)
    on.accept_into(0, 1);
  on.store().execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE "
                     "plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$");
  on.store().execute("CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON events "
                     "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE "
                     "FUNCTION refuse()");
  auto refused = on.try_to_move();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == db::errc::rejected);
  on.store().execute("DROP TRIGGER refuse ON events");
  CHECK(on.move_due().size() == 4);
}
