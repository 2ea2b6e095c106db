#include <thread>

#include "tests/db/postgres/fixture.hpp"
#include "tests/support/commit_cutter.hpp"

using namespace sluice;
using namespace sluice::tests;

using cut = commit_cutter::cut;

namespace {

db::gate_change change_to(db::ingest_mode ingest) {
  db::gate_change change;
  change.ingest = ingest;
  change.actor = "anna";
  return change;
}

} // namespace

TEST_CASE("a change of the gate cuts off who stays inside", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  pqxx::connection connection(on.cluster().uri());
  pqxx::nontransaction frozen(connection);
  frozen.exec("BEGIN");
  frozen.exec("SELECT * FROM sluice_accept(ARRAY[gen_random_uuid()],"
              " ARRAY['" +
              on.owner().to_string() +
              "'::uuid], ARRAY['t'], ARRAY['{}'], ARRAY[NULL::text], NULL,"
              " NULL)");
  auto changed =
      value_of(on.connect()->change_gate(change_to(db::ingest_mode::reject)));
  REQUIRE(changed);
  CHECK_THROWS(frozen.exec("COMMIT"));
  CHECK(on.ask("SELECT count(*) FROM event_queue") == "0");
  CHECK(on.ask("SELECT count(*) FROM ledger") == "0");
}

TEST_CASE("a pause cuts off who stays inside a move", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  auto session = on.connect();
  value_of(session->accept(make_events(on.owner(), 2), 60s));
  pqxx::connection connection(on.cluster().uri());
  pqxx::nontransaction frozen(connection);
  frozen.exec("BEGIN");
  auto rows = frozen.exec("SELECT * FROM sluice_move_due(gen_random_uuid()::"
                          "text, 2, NULL, NULL, 15)");
  CHECK(rows.size() == 3);
  db::gate_change pause;
  pause.processing = db::processing_mode::paused;
  pause.actor = "anna";
  REQUIRE(value_of(session->change_gate(pause)));
  CHECK_THROWS(frozen.exec("COMMIT"));
  CHECK(on.ask("SELECT count(*) FROM event_queue WHERE status = 'pending'") ==
        "2");
  CHECK(on.ask("SELECT count(*) FROM events") == "0");
}

TEST_CASE("a change of the gate waits for who is about to leave",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  // The commit takes a while: the trigger runs inside it.
  on.ask("CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
         " 'BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END'");
  on.ask("CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON event_queue"
         " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION"
         " dawdle()");
  auto event = make_event(on.owner());
  std::thread slow([&] { value_of(on.connect()->accept({&event, 1}, 60s)); });
  while (on.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                " AND mode = 'ShareLock' AND granted") == "0")
    std::this_thread::yield();
  auto session = on.connect();
  auto changed = session->change_gate(change_to(db::ingest_mode::reject));
  auto waiting = on.ask("SELECT count(*) FROM event_queue");
  slow.join();
  REQUIRE(changed);
  CHECK(changed->has_value());
  CHECK(waiting == "1");
}

TEST_CASE("a doubtful change of the gate is resolved", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  commit_cutter proxy(on.cluster().port());
  auto through = on.open(on.cluster().uri(proxy.port()));
  auto sure = on.connect();
  for (auto how : {cut::before, cut::after}) {
    auto before = value_of(sure->gate()).version;
    proxy.set(cut::never);
    auto session = value_of(through->connect(db::purpose::work));
    proxy.set(how);
    auto changed = session->change_gate(change_to(db::ingest_mode::sync));
    REQUIRE_FALSE(changed);
    REQUIRE(changed.error().code == db::errc::in_doubt);
    auto is_changed = value_of(sure->resolve(changed.error())).has_value();
    CHECK(value_of(sure->gate()).version == before + (is_changed ? 1 : 0));
    CHECK_FALSE((is_changed && how == cut::before));
  }
}

TEST_CASE("a doubtful accept into the log is resolved as created",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  commit_cutter proxy(on.cluster().port());
  auto through = on.open(on.cluster().uri(proxy.port()));
  auto sure = on.connect();
  REQUIRE(value_of(sure->change_gate(change_to(db::ingest_mode::sync))));
  auto committed = 0;
  for (int round = 0; round < 10; ++round) {
    proxy.set(cut::never);
    auto session = value_of(through->connect(db::purpose::intake));
    proxy.set(cut::after);
    auto event = make_event(on.owner());
    auto answer = session->accept({&event, 1}, 60s);
    REQUIRE_FALSE(answer);
    auto outcomes = value_of(sure->resolve(answer.error()));
    if (!outcomes)
      continue;
    ++committed;
    CHECK(outcomes->at(0).what == db::accept_outcome::kind::created);
    CHECK(outcomes->at(0).id == event.id);
    CHECK(on.copies(event.id) == "1");
  }
  CHECK(committed > 0);
}

TEST_CASE("verify ends at its own limit, not at that of a call", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  auto hasty = on.open(on.cluster().uri(), 300ms);
  pqxx::connection connection(on.cluster().uri());
  pqxx::work holder(connection);
  holder.exec("LOCK TABLE discarded IN ACCESS EXCLUSIVE MODE");
  auto session = value_of(hasty->connect(db::purpose::work));
  auto began = std::chrono::steady_clock::now();
  auto report = session->verify(10, 1200ms);
  auto took = std::chrono::steady_clock::now() - began;
  CHECK_FALSE(report);
  CHECK(took > 600ms);
  CHECK(took < 3s);
}

namespace {

void split_index_of_attempts(own_server &on) {
  on.ask("ALTER TABLE delivery_attempts DROP CONSTRAINT delivery_attempts_pkey,"
         " ADD PRIMARY KEY (organization_id, id)");
  on.ask("CREATE INDEX delivery_attempts_delivery"
         " ON delivery_attempts (organization_id, delivery_id)");
}

void drop_pullers(own_server &on) {
  on.ask("ALTER TABLE endpoints DROP COLUMN mode, DROP COLUMN was_pulled");
  on.ask("DROP INDEX event_deliveries_pulled, event_deliveries_pulls");
  on.ask("ALTER TABLE events DROP COLUMN position");
}

void drop_webhooks(own_server &on) {
  on.ask("ALTER TABLE endpoints DROP COLUMN event_prefixes,"
         " DROP COLUMN description, DROP COLUMN headers, DROP COLUMN secrets,"
         " DROP COLUMN max_in_flight, DROP COLUMN rate_per_second,"
         " DROP COLUMN state_reason, DROP COLUMN is_default,"
         " DROP COLUMN version, DROP COLUMN failing_since,"
         " DROP COLUMN updated_at, DROP COLUMN removed_at,"
         " ALTER COLUMN event_types TYPE text");
  on.ask("DROP INDEX event_deliveries_due, event_deliveries_sending,"
         " event_deliveries_dead");
  on.ask("ALTER TABLE event_deliveries DROP COLUMN claim_id,"
         " DROP COLUMN claimed_by, DROP COLUMN lease_until,"
         " DROP COLUMN arrived_elsewhere");
  on.ask("DROP TABLE replays");
  on.ask("ALTER TABLE delivery_attempts ALTER COLUMN response_head TYPE text"
         " USING convert_from(response_head, 'UTF8')");
}

} // namespace

TEST_CASE("a migrated database opens its ledger with what is there",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  auto session = on.connect();
  auto node = make_node();
  value_of(session->accept(make_events(on.owner(), 3), 60s));
  auto taken =
      value_of(session->claim_items({node.id, db::claim_id::generate(), 2}));
  value_of(session->move(taken.id));
  auto versions = value_of(on.source().schema()).known;
  on.ask("DELETE FROM schema_migrations WHERE version > 1");
  on.ask("ALTER TABLE ledger DROP COLUMN ids CASCADE, DROP COLUMN settled, "
         "DROP COLUMN first_seq, DROP COLUMN first_id, DROP COLUMN last_id");
  on.ask("ALTER TABLE nodes DROP COLUMN gate_version");
  on.ask("DROP TABLE setting_overrides");
  on.ask("DROP TABLE procedures");
  on.ask("ALTER TABLE event_queue DROP COLUMN lane CASCADE");
  on.ask("CREATE INDEX event_queue_due ON event_queue (not_before, id) "
         "WHERE status = 'pending'");
  split_index_of_attempts(on);
  drop_pullers(on);
  drop_webhooks(on);
  CHECK(value_of(on.source().migrate()) == versions - 1);
  auto report = value_of(on.connect()->verify(10, 60s));
  CHECK(report.is_balanced());
  CHECK(report.sums.accepted == 3);
  CHECK(report.sums.stored == 2);
  CHECK(on.ask("SELECT count(*) FROM ledger WHERE kind = 'opening'"
               " AND count = 3") == "1");
  CHECK(on.ask("SELECT count(*) FROM ledger") == "1");
}
