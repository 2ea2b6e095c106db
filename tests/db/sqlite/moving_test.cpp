#include "tests/db/conformance/bench.hpp"

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
