#include <unistd.h>

#include <filesystem>

#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

db::store_options options_of(const store_under_test &store) {
  return {.url = store.url(),
          .connect_timeout = 3000ms,
          .call_timeout = 5000ms,
          .clock = {}};
}

db::store_facts examine(bench &on) {
  return value_of(db::examine_store(
      options_of(on.store()),
      {.limit = 100,
       .stuck = db::stuck_rule{.stuck_after = 1h, .node_dead_after = 1h}}));
}

} // namespace

TEST_CASE("a store can be looked at while somebody works with it",
          "[conformance]") {
  bench on(EACH_STORE, {.has_manual_clock = false});
  on.accept_some(3);
  value_of(on.session().keep_verdict(
      {.is_balanced = true, .checked_at = db::system_now()}));
  const auto found = examine(on);
  CHECK(found.schema.is_current());
  CHECK(found.round_trip > 0us);
  CHECK_FALSE(found.version.empty());
  CHECK(found.place.find("://:") == std::string::npos);
  REQUIRE(found.tables);
  CHECK(found.tables->depth.pending == 3);
  CHECK(found.tables->depth.exact);
  REQUIRE(found.tables->nodes.size() == 1);
  CHECK(found.tables->nodes.front().who.name == on.node().name);
  REQUIRE(found.tables->verdict);
  CHECK(found.tables->verdict->is_balanced);
  CHECK(found.sqlite.has_value() != found.postgres.has_value());
  // Nobody has lost a lock, or a session, by it.
  on.accept_some(1);
  CHECK(examine(on).tables->depth.pending == 4);
}

TEST_CASE("a SQLite file tells who works on it, and how large it is") {
  bench on("sqlite", {.has_manual_clock = false});
  on.accept_some(1);
  const auto found = examine(on);
  REQUIRE(found.sqlite);
  CHECK(found.sqlite->holder == getpid());
  CHECK(found.sqlite->journal_mode == "wal");
  CHECK(found.sqlite->pages > 0);
  CHECK(found.sqlite->database_bytes + found.sqlite->wal_bytes > 0);
  CHECK_FALSE(found.clock_ahead);
}

TEST_CASE("a schema of another version is told, and its tables are let be",
          "[conformance]") {
  auto store = make_store(EACH_STORE, {.is_migrated = false});
  if (store->name() == "sqlite")
    store->execute("CREATE TABLE something (a)");
  const auto found = value_of(
      db::examine_store(options_of(*store), db::depth_request{.limit = 1}));
  CHECK(found.schema.found == 0);
  CHECK(found.schema.known > 0);
  CHECK_FALSE(found.tables);
}

TEST_CASE("a PostgreSQL server tells its connections and its clock") {
  if (available_stores().size() < 2)
    return;
  bench on("postgres", {.has_manual_clock = false});
  const auto found = examine(on);
  REQUIRE(found.postgres);
  CHECK(found.version_number >= 130000);
  CHECK(found.postgres->connections_used > 0);
  CHECK(found.postgres->connections_most >= found.postgres->connections_used);
  REQUIRE(found.clock_ahead);
  CHECK(std::chrono::abs(*found.clock_ahead) < 5s);
  long all = 0;
  for (const auto &group : found.postgres->connections)
    all += group.count;
  CHECK(all > 0);
}

TEST_CASE("what is not there is not made by a look") {
  const auto folder = std::filesystem::temp_directory_path() /
                      ("sluice-none-" + std::to_string(getpid()));
  const auto found = db::examine_store(
      {.url = "sqlite:" + (folder / "none.db").string(), .clock = {}},
      db::depth_request{.limit = 1});
  REQUIRE_FALSE(found);
  CHECK(found.error().code == db::errc::unavailable);
  CHECK_FALSE(std::filesystem::exists(folder));
  CHECK_FALSE(db::examine_store({.url = "mysql://x", .clock = {}},
                                db::depth_request{.limit = 1}));
}
