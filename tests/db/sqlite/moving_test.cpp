#include "tests/db/conformance/tampering.hpp"

using namespace sluice;
using namespace sluice::tests;

TEST_CASE("a queue that changes while it is moved stays as it was",
          "[sqlite]") {
  bench on("sqlite");
  on.accept_some(4);
  SECTION("by a trigger that takes an item away") {
    on.store().execute("CREATE TRIGGER thief AFTER INSERT ON events BEGIN "
                       "DELETE FROM event_queue WHERE id ="
                       " (SELECT max(id) FROM event_queue); END");
  }
  SECTION("by a trigger that keeps an item") {
    on.store().execute("CREATE TRIGGER keeper BEFORE DELETE ON event_queue "
                       "WHEN OLD.id = (SELECT max(id) FROM event_queue) "
                       "BEGIN SELECT RAISE(IGNORE); END");
  }
  SECTION("by a trigger that puts another in its place") {
    on.store().execute("CREATE TRIGGER usurper AFTER INSERT ON events BEGIN "
                       "UPDATE event_queue SET not_before = 0 WHERE id ="
                       " (SELECT max(id) FROM event_queue); END");
    on.accept_some(1);
  }
  SECTION("by a trigger that keeps an event out of the log") {
    on.store().execute("CREATE TRIGGER guard BEFORE INSERT ON events "
                       "WHEN NEW.id = (SELECT max(id) FROM event_queue) "
                       "BEGIN SELECT RAISE(IGNORE); END");
  }
  const auto waiting = on.count("event_queue");
  auto moved = on.session().move_due({on.node().id, 4});
  REQUIRE_FALSE(moved);
  CHECK(moved.error().code == db::errc::rejected);
  CHECK(on.count("event_queue WHERE status = 'pending'") == waiting);
  CHECK(on.count("events") == 0);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("an item of a claim that stays in the queue is not in the log",
          "[sqlite]") {
  bench on("sqlite");
  auto ids = on.accept_some(60);
  const auto marked = quoted(ids[7]);
  SECTION("because a trigger keeps it") {
    on.store().execute("CREATE TRIGGER keeper BEFORE DELETE ON event_queue "
                       "WHEN OLD.id = " +
                       marked + " BEGIN SELECT RAISE(IGNORE); END");
  }
  SECTION("because a trigger keeps it out of the log") {
    on.store().execute("CREATE TRIGGER guard BEFORE INSERT ON events "
                       "WHEN NEW.id = " +
                       marked + " BEGIN SELECT RAISE(IGNORE); END");
  }
  SECTION("because a trigger takes its fence") {
    on.store().execute("CREATE TRIGGER thief BEFORE INSERT ON events "
                       "WHEN NEW.id <> " +
                       marked +
                       " BEGIN UPDATE event_queue SET claim_id = 'mine' WHERE "
                       "id = " +
                       marked + "; END");
  }
  auto taken = on.claim();
  auto together = on.session().move(taken.id);
  if (!together) {
    CHECK(together.error().code == db::errc::rejected);
    auto outcome = value_of(on.session().move_each(taken.id, ids));
    CHECK(outcome.moved == 59);
    REQUIRE(outcome.refused.size() == 1);
    CHECK(outcome.refused[0].id == ids[7]);
  } else {
    CHECK(*together == 59);
  }
  CHECK(on.count("events") == 59);
  CHECK(on.count("event_queue WHERE id = " + marked) == 1);
  CHECK(on.in_ledger("stored") == 59);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("a trigger that rolls back a claim's transaction refuses the claim",
          "[sqlite]") {
  bench on("sqlite");
  auto ids = on.accept_some(3);
  on.store().execute("CREATE TRIGGER breaker BEFORE INSERT ON events "
                     "WHEN NEW.id = " +
                     quoted(ids[1]) +
                     " BEGIN SELECT RAISE(ROLLBACK, 'none of you'); END");
  auto taken = on.claim();
  auto outcome = on.session().move_each(taken.id, ids);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == db::errc::rejected);
  CHECK(on.count("events") == 0);
  CHECK(on.count("event_queue WHERE status = 'processing'") == 3);
  on.store().execute("DROP TRIGGER breaker");
  CHECK(value_of(on.session().move(taken.id)) == 3);
}
