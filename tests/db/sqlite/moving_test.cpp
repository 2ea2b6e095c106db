#include <filesystem>

#include <SQLiteCpp/SQLiteCpp.h>

#include "tests/db/conformance/tampering.hpp"
#include "tests/support/temporary_folder.hpp"

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
  on.store().execute("CREATE TRIGGER keeper BEFORE DELETE ON event_queue "
                     "WHEN OLD.id = '" +
                     ids[7].to_string() + "' BEGIN SELECT RAISE(IGNORE); END");
  auto taken = on.claim();
  auto outcome = value_of(on.session().move_each(taken.id, ids));
  CHECK(outcome.moved == 59);
  REQUIRE(outcome.refused.size() == 1);
  CHECK(outcome.refused[0].id == ids[7]);
  CHECK(on.count("events") == 59);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("what was moved beside a large item that is refused is in the WAL",
          "[sqlite]") {
  namespace fs = std::filesystem;
  bench on("sqlite");
  for (const auto &sql : refusing_trigger(on.store()))
    on.store().execute(sql);
  // More than the page cache holds.
  auto events = make_events(on.owner(), 40);
  for (auto &event : events) {
    event.payload.assign(1 << 20, 'x');
    event.payload.front() = event.payload.back() = '"';
  }
  events.back().type = "refused";
  value_of(on.session().accept(events, 24h));
  auto taken = on.claim();
  auto outcome = value_of(on.session().move_each(taken.id, ids_of(taken)));
  CHECK(outcome.moved == 39);
  on.accept_some(1);

  temporary_folder folder;
  const auto from = on.store().url().substr(std::string("sqlite:").size());
  const auto copy = (folder.path() / "left.db").string();
  for (const char *end : {"", "-wal"})
    if (fs::exists(from + end))
      fs::copy_file(from + end, copy + end);
  SQLite::Database left(copy, SQLite::OPEN_READWRITE);
  CHECK(left.execAndGet("SELECT count(*) FROM events").getInt() == 39);
  CHECK(left.execAndGet("SELECT count(*) FROM event_queue").getInt() == 2);
  CHECK(left.execAndGet("PRAGMA integrity_check").getString() == "ok");
}
