#include "db/sqlite/wal_vfs.hpp"

#include <atomic>
#include <filesystem>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <catch2/catch.hpp>
#include <sqlite3.h>

#include "tests/db/sqlite/faulty_disk.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace sluice;
using namespace sluice::tests;
namespace fs = std::filesystem;

namespace {

constexpr int read_write = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

std::string state_of(SQLite::Database &database) {
  return database
      .execAndGet("SELECT count(*) || ' ' || coalesce(group_concat("
                  "id || ':' || length(body) || substr(body, 1, 1)), '')"
                  " FROM (SELECT * FROM t ORDER BY id)")
      .getString();
}

/// A database whose WAL is written through the layer.
struct written {
  temporary_folder folder;
  std::string path = (folder.path() / "written.db").string();
  SQLite::Database database{path, read_write, 0, db::sqlite::wal_vfs()};

  explicit written(int page_size = 4096) {
    database.exec("PRAGMA page_size=" + std::to_string(page_size));
    database.exec("PRAGMA journal_mode=WAL");
    database.exec("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0;"
                  "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT NOT NULL);"
                  "CREATE INDEX t_by_body ON t (body)");
  }

  void insert(int rows, int bytes) {
    for (int i = 0; i < rows; ++i)
      database.exec("INSERT INTO t (body) VALUES (printf('%.*c', " +
                    std::to_string(bytes) + ", 'x'))");
  }

  void run(const std::string &statement) {
    sqlite3_file *wal = nullptr;
    sqlite3_file_control(database.getHandle(), "main",
                         SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    std::optional<db::sqlite::gathered_writes> together;
    if (statement == "COMMIT")
      together.emplace(wal);
    database.exec(statement);
  }

  /// What another connection sees.
  std::string seen() const {
    SQLite::Database other(path, SQLite::OPEN_READONLY);
    return state_of(other);
  }

  /// What is there after the power was lost now, but for what no fsync has
  /// covered.
  std::string left_by_crash() const {
    auto copy = folder.path() / "left.db";
    for (const char *end : {"", "-wal", "-shm"})
      fs::remove(copy.string() + end);
    for (const char *end : {"", "-wal"})
      if (fs::exists(path + end))
        fs::copy_file(path + end, copy.string() + end);
    SQLite::Database left(copy.string(), SQLite::OPEN_READWRITE);
    CHECK(left.execAndGet("PRAGMA integrity_check").getString() == "ok");
    return state_of(left);
  }
};

/// Statements at random, in transactions that are committed or not.
class random_work {
public:
  random_work(unsigned seed, bool with_savepoints)
      : random_(seed), has_savepoints_(with_savepoints) {}

  std::vector<std::string> transaction() {
    std::vector<std::string> all{"BEGIN IMMEDIATE"};
    for (int left = number(1, 30); left > 0; --left)
      add_to(all);
    if (is_in_savepoint_ && number(0, 1) == 0)
      all.emplace_back("ROLLBACK TO s");
    is_in_savepoint_ = false;
    all.emplace_back(number(0, 5) == 0 ? "ROLLBACK" : "COMMIT");
    return all;
  }

  int number(int least, int most) {
    return std::uniform_int_distribution(least, most)(random_);
  }

private:
  void add_to(std::vector<std::string> &all) {
    auto body = "printf('%.*c', " + std::to_string(number(1, 3000)) + ", '" +
                std::string(1, static_cast<char>(number('a', 'z'))) + "')";
    auto some = " WHERE id % " + std::to_string(number(2, 9)) + " = 0";
    switch (number(has_savepoints_ ? 0 : 1, 7)) {
    case 0:
      if (is_in_savepoint_)
        all.emplace_back(number(0, 1) == 0 ? "ROLLBACK TO s" : "RELEASE s");
      else
        all.emplace_back("SAVEPOINT s");
      is_in_savepoint_ = all.back() != "RELEASE s";
      break;
    case 1:
      all.push_back("DELETE FROM t" + some);
      break;
    case 2:
    case 3:
      all.push_back("UPDATE t SET body = " + body + some);
      break;
    default:
      all.push_back("INSERT INTO t (body) VALUES (" + body + ")");
    }
  }

  std::mt19937 random_;
  bool has_savepoints_;
  bool is_in_savepoint_ = false;
};

} // namespace

TEST_CASE("a transaction's pages reach the kernel in one write", "[sqlite]") {
  faulty_disk disk;
  written on;
  on.database.exec("BEGIN");
  on.insert(20, 1000);
  auto before = faulty_disk::writes_so_far();
  on.run("COMMIT");
  CHECK(faulty_disk::writes_so_far() == before + 1);
  CHECK(on.seen() == state_of(on.database));
  CHECK(on.left_by_crash() == state_of(on.database));

  SECTION("in a few when it is large") {
    on.database.exec("PRAGMA cache_size=-32768");
    on.database.exec("BEGIN");
    on.insert(1000, 1000);
    before = faulty_disk::writes_so_far();
    on.run("COMMIT");
    auto bytes = static_cast<long>(fs::file_size(on.path + "-wal"));
    CHECK(faulty_disk::writes_so_far() - before < bytes / 100'000 + 4);
    CHECK(on.left_by_crash() == state_of(on.database));
  }
}

TEST_CASE("a write of a transaction's pages that fails is the COMMIT's failure",
          "[sqlite]") {
  faulty_disk disk;
  written on;
  on.insert(1, 1000);
  auto before = on.seen();
  on.database.exec("BEGIN");
  on.insert(200, 1000);
  disk.plan(faulty_disk::operation::write, GENERATE(1, 2));
  CHECK_THROWS_AS(on.run("COMMIT"), SQLite::Exception);
  REQUIRE(disk.is_spent());
  CHECK(on.seen() == before);
  CHECK(on.left_by_crash() == before);
  if (sqlite3_get_autocommit(on.database.getHandle()) == 0)
    on.database.exec("ROLLBACK");
  on.insert(2, 10);
  CHECK(on.seen() == state_of(on.database));
  CHECK(on.left_by_crash() == state_of(on.database));
}

TEST_CASE("the kernel may be asked for a WAL's pages at any time", "[sqlite]") {
  auto open_files = [] {
    auto all = fs::directory_iterator("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const auto before = open_files();
  db::sqlite::begin_writing_to_disk(nullptr);
  {
    written on;
    sqlite3_file *wal = nullptr;
    sqlite3_file_control(on.database.getHandle(), "main",
                         SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    REQUIRE(wal != nullptr);
    std::atomic<bool> is_over{false};
    std::thread other([&] {
      while (!is_over)
        db::sqlite::begin_writing_to_disk(wal);
    });
    on.insert(200, 5000);
    on.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    on.insert(200, 5000);
    is_over = true;
    other.join();
    CHECK(on.database.execAndGet("PRAGMA integrity_check").getString() == "ok");
    CHECK(on.database.execAndGet("SELECT count(*) FROM t").getInt() == 400);
  }
  CHECK(open_files() == before);
}

TEST_CASE("what was committed is in the files, whatever went before",
          "[sqlite]") {
  auto page_size = GENERATE(512, 4096, 65536);
  auto seed = GENERATE(range(1U, 5U));
  // Both together is what SQLite can't, see `item_mover` in
  // db/sqlite/moving.cpp.
  auto spills = GENERATE(true, false);
  CAPTURE(page_size, seed, spills);
  written on(page_size);
  SQLite::Database model(":memory:", read_write);
  model.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
  // So few that pages are written before the end of a transaction, again and
  // again.
  on.database.exec("PRAGMA cache_size=3; PRAGMA journal_size_limit=20000");
  if (!spills)
    on.database.exec("PRAGMA cache_spill=OFF");
  random_work work(seed, !spills);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    for (const auto &statement : work.transaction()) {
      on.run(statement);
      model.exec(statement);
    }
    REQUIRE(on.seen() == state_of(model));
    REQUIRE(on.left_by_crash() == state_of(model));
    if (work.number(0, 9) == 0)
      on.database.exec("PRAGMA wal_checkpoint(RESTART)");
  }
}
