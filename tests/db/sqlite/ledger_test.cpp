#include <SQLiteCpp/SQLiteCpp.h>

#include "db/sqlite/intake.hpp"
#include "db/sqlite/queries.hpp"
#include "tests/db/conformance/bench.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace sluice;
using namespace sluice::tests;
using fault = db::ledger_fault::kind;

namespace {

/// Sends everything that is due to quarantine.
void quarantine_all(bench &on) {
  auto taken = on.claim();
  std::vector<db::failure> failures;
  for (auto id : ids_of(taken))
    failures.push_back({id, "bad", std::nullopt});
  value_of(on.session().fail_items(taken.id, failures));
}

std::string quoted(db::event_id id) {
  return "'" + id.to_string() + "'";
}

/// Copies an item of the queue into the log, or into `discarded`.
void double_item(bench &on, db::event_id id, const std::string &where) {
  auto extra = where == "events"
                   ? std::pair("inserted_at, accepted_at", "0, 0")
                   : std::pair("reason, discarded_by, discarded_at, "
                               "accepted_at",
                               "'', '', 0, 0");
  on.store().execute(
      "INSERT INTO " + where + " (id, organization_id, type, payload, " +
      extra.first + ") SELECT id, organization_id, type, payload, " +
      extra.second + " FROM event_queue WHERE id = " + quoted(id));
}

db::ledger_report verify(bench &on, int most = 100) {
  return value_of(on.session().verify(most, 10s));
}

/// The schema as version 1 left it.
void back_to_version_1(bench &on) {
  on.store().execute("ALTER TABLE ledger DROP COLUMN ids");
  on.store().execute("ALTER TABLE nodes DROP COLUMN gate_version");
  on.store().execute("DELETE FROM schema_migrations WHERE version = 2");
}

std::string plan_of(const std::string &path, const std::string &sql) {
  SQLite::Database database(path);
  SQLite::Statement query(database, "EXPLAIN QUERY PLAN " + sql);
  std::string plan;
  while (query.executeStep())
    plan += query.getColumn(3).getString() + "\n";
  return plan;
}

} // namespace

TEST_CASE("an older ledger begins anew with all that is there", "[sqlite]") {
  bench on("sqlite");
  auto other = on.add_tenant("Other");
  for (int i = 0; i < 3; ++i)
    on.accept_some(4000);
  auto taken = on.claim(11'500);
  REQUIRE(value_of(on.session().move(taken.id)) == 11'500);
  std::vector<db::event_id> away{on.accept_some(1)};
  value_of(on.session().discard({away, "a", "b"}));
  on.accept(make_event(other.id()));
  auto position = verify(on).position;

  back_to_version_1(on);
  value_of(on.store().source()->migrate());
  on.reconnect();
  auto report = verify(on);
  CHECK(report.is_balanced());
  CHECK(report.position > position);
  CHECK(report.sums.accepted == 12'002);
  CHECK(report.sums.stored == 11'500);
  CHECK(report.sums.waiting == 501);
  CHECK(report.sums.discarded == 1);
  CHECK(on.count("ledger WHERE kind <> 'opening'") == 0);
  CHECK(on.count("ledger WHERE length(ids) > 160000") == 0);
  CHECK(on.count("ledger WHERE length(ids) <> 16 * count") == 0);
  on.store().execute("DELETE FROM events WHERE rowid = 1");
  CHECK(verify(on).fault_count == 1);
}

TEST_CASE("verifying looks at indexes only, and never sorts", "[sqlite]") {
  temporary_folder folder;
  auto path = (folder.path() / "sluice.db").string();
  db::store_options options;
  options.url = "sqlite:" + path;
  value_of(value_of(db::open_store(options))->migrate());
  using namespace db::sqlite;
  for (const char *sql : {sql::event_ids, sql::discarded_ids})
    CHECK(plan_of(path, sql).find("USING COVERING INDEX") != std::string::npos);
  for (const char *sql : {sql::event_ids, sql::queue_ids, sql::ledger_ids})
    CHECK(plan_of(path, sql).find("TEMP B-TREE") == std::string::npos);
  auto doubled = plan_of(path, sql::doubled_owners);
  INFO(doubled);
  CHECK(doubled.find("SCAN e") == std::string::npos);
  CHECK(doubled.find("SEARCH e USING COVERING INDEX") != std::string::npos);
}

TEST_CASE("what is missing, surplus or doubled has a name", "[sqlite]") {
  bench on("sqlite");
  auto other = on.add_tenant("Other");
  auto ids = on.accept_some(6);
  on.accept(make_event(other.id()));
  REQUIRE(verify(on).is_balanced());

  SECTION("an event that was deleted") {
    on.store().execute("DELETE FROM event_queue WHERE id = " + quoted(ids[2]));
    auto report = verify(on);
    REQUIRE(report.faults.size() == 1);
    CHECK(report.faults[0].what == fault::missing);
    CHECK(report.faults[0].id == ids[2]);
    CHECK(report.faults[0].owner == on.owner());
    CHECK(!report.sums.is_balanced());
  }
  SECTION("an event that nobody took in") {
    auto fresh = db::event_id::generate();
    on.store().execute("UPDATE event_queue SET id = " + quoted(fresh) +
                       " WHERE id = " + quoted(ids[0]));
    auto report = verify(on);
    // The sums alone don't show it.
    CHECK(report.sums.is_balanced());
    CHECK(!report.is_balanced());
    REQUIRE(report.faults.size() == 2);
    CHECK(report.faults[0].what == fault::missing);
    CHECK(report.faults[1].what == fault::surplus);
    CHECK(report.faults[1].id == fresh);
  }
  SECTION("an event that changed hands") {
    on.store().execute("UPDATE event_queue SET organization_id = '" +
                       other.id().to_string() +
                       "' WHERE id = " + quoted(ids[0]));
    CHECK(verify(on).fault_count == 2);
  }
  SECTION("an event in two places") {
    double_item(on, ids[1], GENERATE("events", "discarded"));
    auto report = verify(on);
    REQUIRE(report.faults.size() == 1);
    CHECK(report.faults[0].what == fault::doubled);
    CHECK(report.faults[0].id == ids[1]);
  }
  SECTION("an event that was taken in twice and is in two places") {
    double_item(on, ids[1], "events");
    on.store().execute("INSERT INTO ledger (at, kind, count, organization_id, "
                       "ids) SELECT 0, 'accepted', 1, '" +
                       on.owner().to_string() +
                       "', substr(ids, 17, 16) FROM ledger WHERE count = 6");
    auto report = verify(on);
    CHECK(report.sums.is_balanced());
    REQUIRE(report.faults.size() == 1);
    CHECK(report.faults[0].what == fault::doubled);
  }
  SECTION("no more of them than were asked for, the first of all") {
    on.store().execute("DELETE FROM event_queue");
    auto report = verify(on, 2);
    CHECK(report.fault_count == 7);
    REQUIRE(report.faults.size() == 2);
    CHECK(report.faults[0].id == ids[0]);
    CHECK(report.faults[1].id == ids[1]);
  }
  value_of(on.session().repair_ledger("eve", "a test"));
  CHECK(verify(on).is_balanced());
}

TEST_CASE("a repair books what it found", "[sqlite]") {
  bench on("sqlite");
  auto ids = on.accept_some(6);
  double_item(on, ids[0], "events");
  double_item(on, ids[1], "discarded");
  on.store().execute("DELETE FROM event_queue WHERE id = " + quoted(ids[2]));
  auto fresh = db::event_id::generate();
  on.store().execute("UPDATE event_queue SET id = " + quoted(fresh) +
                     " WHERE id = " + quoted(ids[3]));
  auto before = verify(on);
  REQUIRE(before.fault_count == 5);
  auto report = value_of(on.session().repair_ledger("eve", "a test"));
  CHECK(report.fault_count == 5);
  CHECK(report.faults.size() == 5);
  auto after = verify(on);
  CHECK(after.is_balanced());
  CHECK(after.sums.adopted == 1);
  CHECK(after.sums.written_off == 2);
  CHECK(after.sums.stored == 1);
  CHECK(after.sums.discarded == 1);
  CHECK(after.sums.waiting == 3);
  CHECK(on.count("event_queue WHERE id IN (" + quoted(ids[0]) + ", " +
                 quoted(ids[1]) + ")") == 0);
  CHECK(on.count("audit_log WHERE actor = 'eve' AND action = 'repair' AND "
                 "reason = 'a test' AND detail = 'faults=5 adopted=1 "
                 "written_off=2 undoubled=2'") == 1);
}

TEST_CASE("a repair within a drain leaves the certificate true", "[sqlite]") {
  bench on("sqlite");
  auto bad = on.accept_some(1);
  quarantine_all(on);
  auto ids = on.accept_some(3);
  value_of(on.session().change_gate(
      {.processing = db::processing_mode::draining, .actor = "eve"}));
  double_item(on, bad[0], "discarded");
  double_item(on, ids[0], "events");
  value_of(on.session().repair_ledger("eve", "a test"));
  on.move_all();
  auto made = value_of(on.session().finish_drain());
  REQUIRE(made);
  CHECK(made->discarded == 1);
  CHECK(made->newly_quarantined == 0);
  CHECK(made->is_balanced());
}

TEST_CASE("verifying ends at its own limit, not at that of a call",
          "[sqlite]") {
  bench on("sqlite", {.call_timeout = 5000ms});
  for (int i = 0; i < 5; ++i)
    on.accept_some(4000);
  auto answer = on.session().verify(1, 0ms);
  REQUIRE(!answer);
  CHECK(answer.error().code == db::errc::unavailable);
}

TEST_CASE("requeued items are as if they had never failed", "[sqlite]") {
  bench on("sqlite");
  auto ids = on.accept_some(2);
  quarantine_all(on);
  on.clock().advance(1min);
  auto waiting = on.accept_some(1);
  std::vector<db::event_id> some{ids[0], waiting[0]};
  CHECK(value_of(on.session().requeue({some, "eve", "fixed"})) == 1);
  CHECK(on.count("event_queue WHERE status = 'pending' AND attempts = 0 AND "
                 "last_error IS NULL AND id = " +
                 quoted(ids[0]) + " AND not_before = " +
                 on.store().literal(on.clock().now())) == 1);
  CHECK(on.count("audit_log WHERE action = 'requeue' AND actor = 'eve' AND "
                 "reason = 'fixed' AND detail = " +
                 quoted(ids[0])) == 1);
  CHECK(on.claim().items.size() == 2);
  CHECK(value_of(on.session().requeue({{}, "eve", "nothing"})) == 0);
  CHECK(on.count("audit_log") == 1);
}

TEST_CASE("only items that wait or are in quarantine are discarded",
          "[sqlite]") {
  bench on("sqlite");
  auto bad = on.accept_some(1);
  quarantine_all(on);
  auto claimed = on.accept_some(1);
  on.claim();
  auto waiting = on.accept_some(1);
  std::vector<db::event_id> all{bad[0], claimed[0], waiting[0]};
  CHECK(value_of(on.session().discard({all, "eve", "unwanted"})) == 2);
  CHECK(value_of(on.session().discard({all, "eve", "unwanted"})) == 0);
  auto view = value_of(on.session().find_event(on.owner(), bad[0]));
  CHECK(view->where == db::event_view::place::discarded);
  CHECK(view->last_error == "unwanted");
  CHECK(on.count("event_queue WHERE status = 'processing'") == 1);
  CHECK(on.count("discarded WHERE discarded_by = 'eve'") == 2);
  CHECK(verify(on).is_balanced());
}

TEST_CASE("a doubt tells what was created", "[sqlite]") {
  using kind = db::accept_outcome::kind;
  bench on("sqlite");
  auto events = make_events(on.owner(), 2);
  std::vector<db::accept_outcome> outcomes{{kind::duplicate, events[1].id},
                                           {kind::created, events[1].id}};
  auto doubt = db::sqlite::write_doubt(events, outcomes);
  auto found = db::sqlite::read_doubt(doubt);
  REQUIRE(found);
  CHECK(found->owner == on.owner());
  CHECK(found->outcomes.at(1).what == kind::created);
  // It came through when what it created is in the log.
  auto lost = db::error{db::errc::in_doubt, "accept", doubt, {}};
  CHECK(!value_of(on.session().resolve(lost)));
  value_of(on.session().change_gate(
      {.ingest = db::ingest_mode::sync, .actor = "eve"}));
  on.accept(events[1]);
  CHECK(value_of(on.session().resolve(lost))->at(1).what == kind::created);
}
