#include "tests/db/postgres/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

constexpr auto call_timeout = 1500ms;

/// How long it took, and what came of it.
template <class Call>
std::pair<std::chrono::milliseconds, db::errc> time_failure(Call call) {
  auto begun = std::chrono::steady_clock::now();
  auto answer = call();
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  REQUIRE_FALSE(answer);
  return {took, answer.error().code};
}

} // namespace

TEST_CASE("a frozen server answers unavailable within the call's deadline",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  auto hasty = on.open(on.cluster().uri(), call_timeout);
  auto writer = value_of(hasty->connect(db::purpose::work));
  auto reader = value_of(hasty->connect(db::purpose::read));
  auto idle = on.connect();
  auto events = make_events(on.owner(), 3);
  on.cluster().freeze();
  auto [write_time, write_code] =
      time_failure([&] { return writer->accept(events, 60s); });
  auto [read_time, read_code] = time_failure(
      [&] { return reader->find_event(on.owner(), events[0].id); });
  auto [connect_time, connect_code] =
      time_failure([&] { return on.source().connect(db::purpose::work); });
  on.cluster().thaw();

  CHECK(write_code == db::errc::unavailable);
  CHECK(write_time >= call_timeout);
  CHECK(write_time < call_timeout + 1s);
  CHECK(read_code == db::errc::unavailable);
  CHECK(read_time < call_timeout + 1s);
  // libpq rounds the connect timeout of 3 s to whole seconds, and gives the
  // server one more to say who it is.
  CHECK(connect_code == db::errc::unavailable);
  CHECK(connect_time < 5s);

  // The lost sessions stay lost; those that were not in use go on.
  CHECK(writer->depth(1).error().code == db::errc::unavailable);
  CHECK(reader->depth(1).error().code == db::errc::unavailable);
  CHECK(idle->depth(1));
  CHECK(value_of(idle->accept(events, 60s)).size() == 3);
  CHECK(on.copies(events[0].id) == "1");
}

TEST_CASE("an abandoned transaction lets go of its locks by itself",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  auto first = value_of(
      on.open(on.cluster().uri(), call_timeout)->connect(db::purpose::work));
  auto events = make_events(on.owner(), 1);
  // Somebody else holds the whole table; the call gives up first.
  pqxx::connection blocker(on.cluster().uri());
  pqxx::work locked(blocker);
  locked.exec("LOCK TABLE event_queue");
  auto refused = first->accept(events, 60s);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == db::errc::conflict);
  locked.abort();
  // A lock that did not come leaves the session as it was.
  CHECK(first->accept(events, 60s));
  CHECK(on.ask("SELECT count(*) FROM pg_stat_activity"
               " WHERE application_name = 'sluice'"
               " AND state <> 'idle'") == "0");
  CHECK(on.ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") ==
        "0");
}

TEST_CASE("a backend that is terminated in a call costs the session only",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  auto session = on.connect();
  auto events = make_events(on.owner(), 2);
  CHECK(on.ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
               " WHERE application_name = 'sluice'") == "1");
  auto refused = session->accept(events, 60s);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == db::errc::unavailable);
  CHECK(session->accept(events, 60s).error().code == db::errc::unavailable);
  session = on.connect();
  CHECK(session->accept(events, 60s));
  CHECK(on.copies(events[0].id) == "1");
}

TEST_CASE("a session that was ended while nobody called says so",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  auto session = on.connect();
  CHECK(session->is_connected());
  REQUIRE(session->accept(make_events(on.owner(), 1), 60s));
  CHECK(session->is_connected());
  on.ask("SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
         " WHERE application_name = 'sluice'");
  CHECK_FALSE(session->is_connected());
}

TEST_CASE("a server that became read-only is left for another", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  auto session = on.connect();
  on.ask("ALTER SYSTEM SET default_transaction_read_only = on");
  on.ask("SELECT pg_reload_conf()");
  // The session's process acts by it once it has noticed.
  auto events = make_events(on.owner(), 1);
  auto answer = session->accept(events, 60s);
  for (int again = 0; answer && again < 10'000; ++again) {
    events = make_events(on.owner(), 1);
    answer = session->accept(events, 60s);
  }
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == db::errc::unavailable);
  CHECK(on.copies(events[0].id) == "0");
  CHECK_FALSE(on.source().connect(db::purpose::work));
  CHECK(on.source().connect(db::purpose::work).error().code ==
        db::errc::unavailable);
  on.ask("ALTER SYSTEM RESET default_transaction_read_only");
  on.ask("SELECT pg_reload_conf()");
  CHECK(on.connect()->accept(events, 60s));
}

TEST_CASE("a restarted server is reached again", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  auto session = on.connect();
  auto events = make_events(on.owner(), 1);
  CHECK(session->accept(events, 60s));
  on.cluster().crash();
  CHECK(session->depth(1).error().code == db::errc::unavailable);
  CHECK(on.source().connect(db::purpose::work).error().code ==
        db::errc::unavailable);
  on.cluster().start();
  session = on.connect();
  CHECK(on.copies(events[0].id) == "1");
}
