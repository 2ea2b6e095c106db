#include <filesystem>
#include <optional>

#include <SQLiteCpp/SQLiteCpp.h>

#include "tests/db/conformance/tampering.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

/// What a crash now would leave of a store's database.
class left_by_crash {
public:
  explicit left_by_crash(const store_under_test &store) {
    namespace fs = std::filesystem;
    const auto from = store.url().substr(std::string("sqlite:").size());
    const auto copy = (folder_.path() / "left.db").string();
    for (const char *end : {"", "-wal"})
      if (fs::exists(from + end))
        fs::copy_file(from + end, copy + end);
    database_.emplace(copy, SQLite::OPEN_READWRITE);
    CHECK(database_->execAndGet("PRAGMA integrity_check").getString() == "ok");
  }

  int count(const std::string &table) {
    return database_->execAndGet("SELECT count(*) FROM " + table).getInt();
  }

private:
  temporary_folder folder_;
  std::optional<SQLite::Database> database_;
};

} // namespace

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
  const auto seventh = quoted(ids[7]);
  SECTION("because a trigger keeps it") {
    on.store().execute("CREATE TRIGGER keeper BEFORE DELETE ON event_queue "
                       "WHEN OLD.id = " +
                       seventh + " BEGIN SELECT RAISE(IGNORE); END");
  }
  SECTION("because a trigger keeps it out of the log") {
    on.store().execute("CREATE TRIGGER guard BEFORE INSERT ON events "
                       "WHEN NEW.id = " +
                       seventh + " BEGIN SELECT RAISE(IGNORE); END");
  }
  SECTION("because a trigger takes its fence") {
    on.store().execute("CREATE TRIGGER thief BEFORE INSERT ON events "
                       "WHEN NEW.id <> " +
                       seventh +
                       " BEGIN UPDATE event_queue SET claim_id = 'mine' WHERE "
                       "id = " +
                       seventh + "; END");
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
  CHECK(on.count("event_queue WHERE id = " + seventh) == 1);
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

TEST_CASE("what was moved beside items that are refused is in the WAL",
          "[sqlite]") {
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

  left_by_crash left(on.store());
  CHECK(left.count("events") == 39);
  CHECK(left.count("event_queue") == 2);
}
