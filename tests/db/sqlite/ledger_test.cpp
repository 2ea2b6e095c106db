#include <SQLiteCpp/SQLiteCpp.h>

#include "db/sqlite/intake.hpp"
#include "db/sqlite/queries.hpp"
#include "tests/db/conformance/bench.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

void drop_webhooks(bench &on) {
  for (const char *index :
       {"endpoints_default", "endpoints_active", "endpoints_removed",
        "event_deliveries_of_inbox", "event_deliveries_of_webhooks",
        "event_deliveries_due", "event_deliveries_sending",
        "event_deliveries_dead"})
    on.store().execute(std::string("DROP INDEX ") + index);
  for (const char *column :
       {"claim_id", "claimed_by", "lease_until", "arrived_elsewhere"})
    on.store().execute(
        std::string("ALTER TABLE event_deliveries DROP COLUMN ") + column);
  for (const char *column :
       {"description", "headers", "secrets", "max_in_flight", "rate_per_second",
        "state_reason", "is_default", "version", "failing_since", "updated_at",
        "removed_at"})
    on.store().execute(std::string("ALTER TABLE endpoints DROP COLUMN ") +
                       column);
  on.store().execute("CREATE INDEX event_deliveries_of_organization"
                     " ON event_deliveries (organization_id, status, id)");
}

void drop_pullers(bench &on) {
  for (const char *statement :
       {"DROP INDEX endpoints_pulled", "DROP INDEX event_deliveries_pulled",
        "DROP INDEX event_deliveries_pulls", "DROP INDEX events_in_order",
        "DROP TABLE event_positions", "ALTER TABLE events DROP COLUMN position",
        "ALTER TABLE endpoints DROP COLUMN mode",
        "ALTER TABLE endpoints DROP COLUMN was_pulled"})
    on.store().execute(statement);
}

/// The schema as version 1 left it.
void back_to_version_1(bench &on) {
  drop_pullers(on);
  drop_webhooks(on);
  on.store().execute("DROP INDEX ledger_folded");
  for (const char *column :
       {"ids", "settled", "first_seq", "first_id", "last_id"})
    on.store().execute(std::string("ALTER TABLE ledger DROP COLUMN ") + column);
  on.store().execute("ALTER TABLE nodes DROP COLUMN gate_version");
  on.store().execute("DROP TABLE setting_overrides");
  on.store().execute("DROP TABLE procedures");
  on.store().execute("DROP TABLE replays");
  on.store().execute("DROP INDEX event_queue_pending");
  on.store().execute("ALTER TABLE event_queue DROP COLUMN lane");
  on.store().execute("CREATE INDEX event_queue_pending ON event_queue "
                     "(not_before) WHERE status = 'pending'");
  on.store().execute("DELETE FROM schema_migrations WHERE version > 1");
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
  auto position = on.verify().position;

  back_to_version_1(on);
  value_of(on.store().source()->migrate());
  on.reconnect();
  auto report = on.verify();
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
  CHECK(on.verify().fault_count == 1);
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

TEST_CASE("verifying ends at its own limit, not at that of a call",
          "[sqlite]") {
  bench on("sqlite", {.call_timeout = 5000ms});
  for (int i = 0; i < 5; ++i)
    on.accept_some(4000);
  auto answer = on.session().verify(1, 0ms);
  REQUIRE(!answer);
  CHECK(answer.error().code == db::errc::unavailable);
}

TEST_CASE("an id that is none is told, and the session goes on", "[sqlite]") {
  bench on("sqlite");
  on.accept_some(2);
  on.store().execute("UPDATE event_queue SET id = 'x\x1b[2J' WHERE rowid = 1");
  auto answer = on.session().verify(1, 10s);
  REQUIRE(!answer);
  CHECK(answer.error().code == db::errc::rejected);
  CHECK(answer.error().text.find("'x?[2J'") != std::string::npos);
  on.store().execute("DELETE FROM event_queue WHERE rowid = 1");
  CHECK(on.verify().faults.size() == 1);
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
