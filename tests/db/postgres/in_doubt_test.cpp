#include <csignal>

#include "tests/db/postgres/fixture.hpp"
#include "tests/support/commit_cutter.hpp"

using namespace sluice;
using namespace sluice::tests;

using cut = commit_cutter::cut;

namespace {

/// Accepts until the event is in, as a client of the store does: asks what
/// became of a doubtful call, and repeats it only when it did not happen.
/// Returns how often the doubt was resolved to "committed".
int accept_surely(own_server &on, db::store_source &cut_source,
                  const db::new_event &event, db::errc &seen) {
  auto session = value_of(cut_source.connect(db::purpose::intake));
  auto answer = session->accept({&event, 1}, 60s);
  REQUIRE_FALSE(answer);
  seen = answer.error().code;
  REQUIRE(seen == db::errc::in_doubt);
  auto sure = on.connect();
  auto outcome = value_of(sure->resolve(answer.error()));
  if (!outcome) {
    value_of(sure->accept({&event, 1}, 60s));
    return 0;
  }
  REQUIRE(outcome->size() == 1);
  CHECK(outcome->at(0).id == event.id);
  CHECK(outcome->at(0).what == db::accept_outcome::kind::accepted);
  return 1;
}

} // namespace

TEST_CASE("a connection cut around COMMIT a hundred times doubles and loses "
          "nothing",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  commit_cutter proxy(on.cluster().port());
  auto patient = on.open(on.cluster().uri(proxy.port()));
  auto hasty = on.open(on.cluster().uri(proxy.port()), 1500ms);
  int committed = 0;
  for (int round = 0; round < 100; ++round) {
    // The silent ones wait for their deadline.
    auto is_silent = round % 50 == 49;
    const auto &through = is_silent ? hasty : patient;
    proxy.set(is_silent        ? cut::silently_after
              : round % 2 == 0 ? cut::before
                               : cut::after);
    auto event =
        make_event(on.owner(), {.dedup_id = "key-" + std::to_string(round)});
    auto seen = db::errc::unavailable;
    committed += accept_surely(on, *through, event, seen);
    CHECK(on.copies(event.id) == "1");
  }
  // The others never reached the server, or it was too slow to answer.
  CHECK(committed > 0);
  CHECK(committed <= 50);
  CHECK(on.ask("SELECT count(*) FROM event_queue") == "100");
  CHECK(on.ask("SELECT sum(count) FROM ledger") == "100");
}

TEST_CASE("a doubtful claim and move are resolved", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  commit_cutter proxy(on.cluster().port());
  auto through = on.open(on.cluster().uri(proxy.port()));
  auto me = make_node();
  auto sure = on.connect();
  for (auto how : {cut::before, cut::after}) {
    value_of(sure->accept(make_events(on.owner(), 4), 60s));
    auto cut_session = [&] {
      proxy.set(cut::never);
      auto session = value_of(through->connect(db::purpose::work));
      proxy.set(how);
      return session;
    };
    auto claim_id = db::claim_id::generate();
    auto claimed = cut_session()->claim_items({me.id, claim_id, 10});
    REQUIRE_FALSE(claimed);
    REQUIRE(claimed.error().code == db::errc::in_doubt);
    auto is_claimed = value_of(sure->resolve(claimed.error())).has_value();
    CHECK(value_of(sure->release(claim_id, {})) == (is_claimed ? 4 : 0));

    auto taken =
        value_of(sure->claim_items({me.id, db::claim_id::generate(), 10}));
    auto moved = cut_session()->move_each(taken.id, ids_of(taken));
    REQUIRE_FALSE(moved);
    REQUIRE(moved.error().code == db::errc::in_doubt);
    auto is_moved = value_of(sure->resolve(moved.error())).has_value();
    CHECK_FALSE((is_moved && how == cut::before));
    // To repeat a move that was resolved is harmless.
    auto again = value_of(sure->move_each(taken.id, ids_of(taken)));
    CHECK(again.moved == (is_moved ? 0 : 4));
    CHECK(on.ask("SELECT count(*) FROM event_queue") == "0");
  }
  CHECK(on.ask("SELECT count(*) FROM events") == "8");
  CHECK(on.ask("SELECT count(*) FROM event_deliveries") == "8");
}

TEST_CASE("resolve waits for a frozen COMMIT and never guesses", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  commit_cutter proxy(on.cluster().port());
  auto through = on.open(on.cluster().uri(proxy.port()));
  auto hasty = on.open(on.cluster().uri(), 1500ms);
  auto event = make_event(on.owner());
  auto session = value_of(through->connect(db::purpose::intake));
  auto backend = std::stoi(
      on.ask("SELECT pid FROM pg_stat_activity WHERE application_name ="
             " 'sluice' ORDER BY backend_start DESC LIMIT 1"));
  // The backend stops when it is about to commit: the trigger runs then.
  on.ask("CREATE FUNCTION wait_for_gate() RETURNS trigger LANGUAGE plpgsql AS"
         " 'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END'");
  on.ask("CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON event_queue"
         " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION"
         " wait_for_gate()");
  pqxx::connection keeper(on.cluster().uri());
  pqxx::work gate(keeper);
  gate.exec("SET idle_in_transaction_session_timeout = 0");
  gate.exec("SELECT pg_advisory_xact_lock(42)");
  proxy.set(cut::after);
  auto answer = session->accept({&event, 1}, 60s);
  REQUIRE_FALSE(answer);
  REQUIRE(answer.error().code == db::errc::in_doubt);
  auto asker = value_of(hasty->connect(db::purpose::work));
  ::kill(backend, SIGSTOP);
  auto undecided = asker->resolve(answer.error());
  ::kill(backend, SIGCONT);
  REQUIRE_FALSE(undecided);
  CHECK(undecided.error().code == db::errc::unavailable);
  // Awake, it is told to end: the transaction is rolled back.
  auto outcome = value_of(on.connect()->resolve(answer.error()));
  CHECK_FALSE(outcome.has_value());
  gate.abort();
  CHECK(value_of(on.connect()->accept({&event, 1}, 60s)).size() == 1);
  CHECK(on.copies(event.id) == "1");
}

TEST_CASE("a doubt survives a crash of the server", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  commit_cutter proxy(on.cluster().port());
  auto through = on.open(on.cluster().uri(proxy.port()));
  auto how = GENERATE(cut::before, cut::after);
  CAPTURE(static_cast<int>(how));
  auto event = make_event(on.owner(), {.dedup_id = "key"});
  proxy.set(how);
  auto session = value_of(through->connect(db::purpose::intake));
  auto answer = session->accept({&event, 1}, 60s);
  REQUIRE_FALSE(answer);
  auto was_committed = on.copies(event.id) == "1";
  on.cluster().crash();
  on.cluster().start();
  // Another transaction may get the number that the lost one had.
  auto sure = on.connect();
  auto other = make_event(on.owner());
  value_of(sure->accept({&other, 1}, 60s));
  auto outcome = value_of(sure->resolve(answer.error()));
  CHECK(outcome.has_value() == (on.copies(event.id) == "1"));
  // What could be seen before the crash is there after it.
  if (was_committed)
    CHECK(outcome.has_value());
}

TEST_CASE("resolve refuses what is not a doubt", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  db::error other{db::errc::in_doubt, "", "accepted 12 nonsense"};
  CHECK(on.connect()->resolve(other).error().code == db::errc::unavailable);
}
