#include <numeric>
#include <thread>

#include "db/postgres/connection_string.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/errors.hpp"
#include "tests/db/postgres/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;
namespace postgres = db::postgres;

TEST_CASE("a URL is shown without user, password and parameters",
          "[postgres]") {
  using postgres::public_url;
  CHECK(public_url("postgresql://u:p@db1:5432,db2/x?password=s") ==
        "postgresql://db1:5432,db2/x");
  CHECK(public_url("postgres://db/x") == "postgresql://db/x");
  CHECK(public_url("postgresql:///x?host=/run&user=u") == "postgresql:///x");
  CHECK(public_url("postgresql://u:p?w@db/x") == "postgresql://db/x");
  CHECK(public_url("postgresql://u:p/w@db/x") == "postgresql://db/x");
}

TEST_CASE("a URL is completed where it says nothing itself", "[postgres]") {
  auto plain = postgres::complete_url("postgresql://db/x", 3000ms);
  CHECK_THAT(plain, Catch::Contains("/x?application_name=sluice&"));
  CHECK_THAT(plain, Catch::Contains("target_session_attrs=read-write"));
  CHECK_THAT(plain, Catch::Contains("connect_timeout=3"));
  auto own = postgres::complete_url(
      "postgresql://a,b,c/x?target_session_attrs=any&application_name=me",
      9000ms);
  CHECK_THAT(own, !Catch::Contains("read-write"));
  CHECK_THAT(own, !Catch::Contains("application_name=sluice"));
  CHECK_THAT(own, Catch::Contains("connect_timeout=3"));
}

TEST_CASE("array elements and reasons keep what can be kept", "[postgres]") {
  std::string array;
  postgres::append_quoted(array, R"({"a\"b":"c\\d"})");
  CHECK(array == R"("{\"a\\\"b\":\"c\\\\d\"}")");
  CHECK_THROWS_AS(postgres::append_quoted(array, std::string_view("a\0b", 3)),
                  postgres::refusal);
  CHECK(postgres::storable_line("a\nb\xff\xc3\xa9", 10) == "a b \xc3\xa9");
  CHECK(postgres::storable_line("ab\xc3\xa9", 3) == "ab");
}

TEST_CASE("SQLSTATEs are sorted by what the caller does next", "[postgres]") {
  using postgres::sort_sqlstate;
  for (const auto *state : {"08006", "53100", "53300", "57014", "57P01",
                            "58030", "25006", "XX000", "42501"})
    CHECK(sort_sqlstate(state) == db::errc::unavailable);
  for (const auto *state : {"40001", "40P01", "55P03"})
    CHECK(sort_sqlstate(state) == db::errc::conflict);
  for (const auto *state : {"22021", "22P05", "23505", "23514", "54000"})
    CHECK(sort_sqlstate(state) == db::errc::rejected);
  for (const auto *state : {"42P01", "3F000"})
    CHECK(sort_sqlstate(state) == db::errc::schema);
}

TEST_CASE("a refused password is in no text", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  postgres_cluster cluster({.password = "right-secret"});
  auto uri = cluster.uri();
  auto at = uri.find("right-secret");
  db::store_options options;
  options.url = uri.replace(at, 12, "wrong-secret");
  auto source = value_of(db::open_postgres(options));
  auto refused = source->connect(db::purpose::work);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == db::errc::unavailable);
  CHECK_THAT(refused.error().text, !Catch::Contains("secret"));
  CHECK_THAT(source->describe(), !Catch::Contains("secret"));
  options.url = "postgresql://u:very-secret@[::1/x";
  refused = value_of(db::open_postgres(options))->connect(db::purpose::work);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().text, !Catch::Contains("secret"));
}

TEST_CASE("nodes that migrate at once apply each migration once",
          "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  postgres_cluster cluster;
  db::store_options options;
  options.url = cluster.uri();
  auto source = value_of(db::open_postgres(options));
  CHECK(source->connect(db::purpose::work).error().code == db::errc::schema);
  std::vector<int> applied(4, -1);
  std::vector<std::thread> nodes;
  for (auto &count : applied)
    nodes.emplace_back([&] { count = value_of(source->migrate()); });
  for (auto &node : nodes)
    node.join();
  // Each migration has a transaction of its own; any node may be first at it.
  CHECK(std::accumulate(applied.begin(), applied.end(), 0) ==
        value_of(source->schema()).known);
  CHECK(source->connect(db::purpose::work));
}

TEST_CASE("error texts hold no values of rows", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  auto session = on.connect();
  auto event = make_event(on.owner(), {.payload = R"({"secret":1})"});
  value_of(session->accept({&event, 1}, 60s));
  auto twice = session->accept({&event, 1}, 60s);
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == db::errc::rejected);
  CHECK_THAT(twice.error().text, !Catch::Contains(event.id.to_string()));
  event.payload = "{\"secret\":\"\xff\"}";
  event.id = db::event_id::generate();
  auto malformed = session->accept({&event, 1}, 60s);
  REQUIRE_FALSE(malformed);
  CHECK(malformed.error().code == db::errc::rejected);
  CHECK_THAT(malformed.error().text, !Catch::Contains("secret"));
  CHECK(session->depth(10));
}

TEST_CASE("a session leaves nothing in the server's session", "[postgres]") {
  if (!postgres_cluster::is_available())
    return;
  own_server on;
  auto session = on.connect();
  auto backend = on.ask("SELECT pid FROM pg_stat_activity"
                        " WHERE application_name = 'sluice'");
  auto events = make_events(on.owner(), 2);
  value_of(session->accept(events, 60s));
  value_of(session->depth(10));
  CHECK(on.ask("SELECT state || coalesce(backend_xmin::text, '')"
               " FROM pg_stat_activity WHERE pid = " +
               backend) == "idle");
  CHECK(on.ask("SELECT count(*) FROM pg_locks WHERE pid = " + backend) == "0");
}
