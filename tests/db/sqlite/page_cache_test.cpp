#include "db/sqlite/page_cache.hpp"

#include <string>

#include <SQLiteCpp/Database.h>
#include <catch2/catch.hpp>
#include <sqlite3.h>

#include "tests/support/temporary_folder.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

sqlite3_pcache_methods2 plain{};
long truncations = 0;

/// Of small caches, and of those that are emptied, nobody speaks.
constexpr unsigned first_that_counts = 10;

void count_and_truncate(sqlite3_pcache *cache, unsigned first) {
  if (first >= first_that_counts)
    ++truncations;
  plain.xTruncate(cache, first);
}

/// SQLite with its own page cache, whose truncations are counted, with or
/// without the layer. While it lives no other connection may be open.
class library {
public:
  explicit library(bool with_layer) {
    begin_anew();
    sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &plain);
    auto counting = plain;
    counting.xTruncate = count_and_truncate;
    sqlite3_config(SQLITE_CONFIG_PCACHE2, &counting);
    if (with_layer)
      db::sqlite::add_page_cache_layer();
    REQUIRE(sqlite3_initialize() == SQLITE_OK);
    truncations = 0;
  }
  library(const library &) = delete;
  library &operator=(const library &) = delete;
  ~library() {
    begin_anew();
    db::sqlite::add_page_cache_layer();
  }

private:
  static void begin_anew() {
    sqlite3_shutdown();
    sqlite3_pcache_methods2 as_it_was_built{};
    sqlite3_config(SQLITE_CONFIG_PCACHE2, &as_it_was_built);
  }
};

/// Inserts and deletes so that pages are used again, out of order, where trees
/// are balanced. Returns what is there in the end.
std::string churn(const std::string &path, const char *set_up) {
  SQLite::Database database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  database.exec(set_up);
  database.exec("PRAGMA journal_mode=WAL");
  database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT NOT NULL);"
                "CREATE INDEX t_by_body ON t (body)");
  for (int round = 0; round < 60; ++round) {
    auto last = std::to_string(round * 40);
    database.exec("BEGIN");
    database.exec("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1"
                  " FROM n WHERE i < 40) INSERT INTO t SELECT " +
                  last + " + i, hex((" + last +
                  " + i) * 7919 % 1000) || printf('%.*c', 300, 'x') FROM n");
    database.exec("COMMIT");
    database.exec("DELETE FROM t WHERE id % 5 <> 0 AND id < " + last);
  }
  CHECK(database.execAndGet("PRAGMA integrity_check").getString() == "ok");
  return database
      .execAndGet("SELECT count(*) || ' ' || group_concat(id) FROM"
                  " (SELECT id FROM t ORDER BY body, id)")
      .getString();
}

} // namespace

TEST_CASE("a COMMIT looks for pages beyond the end only when there are any",
          "[sqlite]") {
  temporary_folder folder;
  auto path = [&](const char *name) { return (folder.path() / name).string(); };
  SECTION("in a file that never shrinks: seldom") {
    const char *set_up = "PRAGMA auto_vacuum=NONE";
    std::string expected;
    {
      library own(false);
      expected = churn(path("own.db"), set_up);
      // Should this fail, SQLite needs the layer no more.
      CHECK(truncations > 50);
    }
    library layered(true);
    CHECK(churn(path("layered.db"), set_up) == expected);
    CHECK(truncations == 0);
  }
  SECTION("in one that does: each time") {
    const char *set_up = "PRAGMA auto_vacuum=FULL";
    library layered(true);
    auto found = churn(path("layered.db"), set_up);
    CHECK(truncations > 30);
    library own(false);
    CHECK(churn(path("own.db"), set_up) == found);
  }
}
