#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include <SQLiteCpp/Database.h>
#include <catch2/catch.hpp>

#include "tests/support/store_under_test.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

db::store_options options_for(const fs::path &path) {
  db::store_options options;
  options.url = "sqlite:" + path.string();
  options.call_timeout = 2000ms;
  return options;
}

unsigned mode_of(const fs::path &path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

} // namespace

TEST_CASE("a SQLite database belongs to one opener at a time", "[sqlite]") {
  temporary_folder folder;
  auto path = folder.path() / "sluice.db";
  auto first = db::open_store(options_for(path));
  REQUIRE(first);
  auto second = db::open_store(options_for(path));
  REQUIRE(!second);
  CHECK(second.error().code == db::errc::locked);
  CHECK(second.error().text.find(path.string()) != std::string::npos);
  CHECK(second.error().text.find("process " + std::to_string(getpid())) !=
        std::string::npos);

  SECTION("under another name of the same file too") {
    fs::create_symlink(folder.path(), folder.path() / "alias");
    auto alias =
        db::open_store(options_for(folder.path() / "alias" / "sluice.db"));
    REQUIRE(!alias);
    CHECK(alias.error().code == db::errc::locked);
  }
  SECTION("until it is let go") {
    first = tl::unexpected(db::error{});
    CHECK(db::open_store(options_for(path)));
  }
  SECTION("or as long as a session lives") {
    value_of((*first)->migrate());
    auto session = value_of((*first)->connect(db::purpose::work));
    first = tl::unexpected(db::error{});
    CHECK(!db::open_store(options_for(path)));
    CHECK(value_of(session->depth(1)).pending == 0);
    session.reset();
    CHECK(db::open_store(options_for(path)));
  }
}

TEST_CASE("the lock of a process that was killed is free", "[sqlite]") {
  temporary_folder folder;
  auto path = folder.path() / "sluice.db";
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  auto child = fork();
  if (child == 0) {
    auto source = db::open_store(options_for(path));
    auto written = write(ready[1], source ? "y" : "n", 1);
    if (written == 1)
      pause(); // until the kill
    _exit(1);
  }
  char answer = 0;
  REQUIRE(read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  auto refused = db::open_store(options_for(path));
  REQUIRE(!refused);
  CHECK(refused.error().text.find("process " + std::to_string(child)) !=
        std::string::npos);
  kill(child, SIGKILL);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  CHECK(db::open_store(options_for(path)));
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("missing folders are made, and everything is private", "[sqlite]") {
  temporary_folder folder;
  auto path = folder.path() / "data" / "deep" / "sluice.db";
  auto source = value_of(db::open_store(options_for(path)));
  CHECK(!fs::exists(path));
  value_of(source->migrate());
  auto session = value_of(source->connect(db::purpose::work));
  CHECK(mode_of(folder.path() / "data") == 0700);
  CHECK(mode_of(path.parent_path()) == 0700);
  for (const auto *suffix : {"", "-wal", "-shm", ".lock"})
    CHECK(mode_of(path.string() + suffix) == 0600);
}

TEST_CASE("the database is in WAL mode", "[sqlite]") {
  auto store = make_store("sqlite");
  auto session = store->connect();
  CHECK(store->count("SELECT count(*) FROM pragma_journal_mode WHERE "
                     "journal_mode = 'wal'") == 1);
}

TEST_CASE("a file that is no database is refused and left alone", "[sqlite]") {
  temporary_folder folder;
  auto path = folder.path() / "sluice.db";
  auto text = std::string(10'000, 'x');
  std::ofstream(path) << text;
  auto source = value_of(db::open_store(options_for(path)));
  CHECK(source->schema().error().code == db::errc::unavailable);
  CHECK(source->migrate().error().code == db::errc::unavailable);
  auto session = source->connect(db::purpose::work);
  REQUIRE(!session);
  CHECK(session.error().code == db::errc::unavailable);
  std::string kept(text.size() + 1, ' ');
  std::ifstream(path).read(kept.data(),
                           static_cast<std::streamsize>(kept.size()));
  CHECK(kept.substr(0, text.size()) == text);
}

TEST_CASE("a path that can't be a database file is refused", "[sqlite]") {
  temporary_folder folder;
  CHECK(db::open_store(options_for(folder.path())).error().code ==
        db::errc::unavailable);
  std::ofstream(folder.path() / "file") << "x";
  CHECK(db::open_store(options_for(folder.path() / "file" / "sluice.db"))
            .error()
            .code == db::errc::unavailable);
}

TEST_CASE("a writer from outside is waited for, and is a conflict in the end",
          "[sqlite]") {
  auto store = make_store("sqlite", {.call_timeout = 200ms});
  auto session = store->connect();
  auto tenant = make_tenant();
  value_of(session->create_organization(tenant.owner, tenant.key));
  store->execute("BEGIN IMMEDIATE");
  auto event = make_event(tenant.id());
  auto refused = session->accept({&event, 1}, 24h);
  REQUIRE(!refused);
  CHECK(refused.error().code == db::errc::conflict);
  // Reading goes on beside any writer.
  CHECK(value_of(session->depth(10)).pending == 0);
  store->execute("COMMIT");
  CHECK(session->accept({&event, 1}, 24h));
}

TEST_CASE("what nobody closed is there after a kill", "[sqlite]") {
  temporary_folder folder;
  auto path = folder.path() / "sluice.db";
  auto tenant = make_tenant();
  auto events = make_events(tenant.id(), 50);
  auto child = fork();
  if (child == 0) {
    auto source = value_of(db::open_store(options_for(path)));
    value_of(source->migrate());
    auto session = value_of(source->connect(db::purpose::work));
    value_of(session->create_organization(tenant.owner, tenant.key));
    value_of(session->accept(events, 24h));
    kill(getpid(), SIGKILL);
  }
  REQUIRE(waitpid(child, nullptr, 0) == child);
  auto source = value_of(db::open_store(options_for(path)));
  auto session = value_of(source->connect(db::purpose::work));
  CHECK(value_of(session->depth(100)).pending == 50);
}

TEST_CASE("the WAL stays short, though there is a reader at any moment",
          "[sqlite]") {
  auto store = make_store("sqlite");
  auto session = store->connect();
  auto tenant = make_tenant();
  value_of(session->create_organization(tenant.owner, tenant.key));
  auto path = store->source()->describe().substr(7);
  std::atomic<bool> is_done{false};
  std::atomic<bool> has_begun{false};
  std::thread readers([&] {
    SQLite::Database first(path, SQLite::OPEN_READONLY);
    SQLite::Database second(path, SQLite::OPEN_READONLY);
    const auto *read = "BEGIN; SELECT count(*) FROM nodes";
    first.exec(read);
    has_begun = true;
    while (!is_done) {
      second.exec(read);
      first.exec("COMMIT");
      first.exec(read);
      second.exec("COMMIT");
    }
  });
  while (!has_begun)
    std::this_thread::yield();
  auto payload = "{\"x\":\"" + std::string(100'000, 'y') + "\"}";
  long longest = 0;
  for (int i = 0; i < 60; ++i) {
    std::vector<db::new_event> events;
    for (int j = 0; j < 40; ++j)
      events.push_back(make_event(tenant.id(), {.payload = payload}));
    value_of(session->accept(events, 24h));
    longest =
        std::max(longest, static_cast<long>(fs::file_size(path + "-wal")));
  }
  is_done = true;
  readers.join();
  // 240 MB went through it; how soon the readers make room is the scheduler's.
  CHECK(longest < 180'000'000);
}

TEST_CASE("a row's state is checked without a table for each check",
          "[sqlite]") {
  auto store = make_store("sqlite");
  auto session = store->connect();
  auto tenant = make_tenant();
  value_of(session->create_organization(tenant.owner, tenant.key));
  value_of(session->accept(make_events(tenant.id(), 2), 24h));
  auto taken = value_of(session->claim_items(
      {db::node_id::generate(), db::claim_id::generate(), 1}));
  REQUIRE(value_of(session->move(taken.id)) == 1);
  CHECK(store->count("SELECT count(*) FROM sqlite_schema WHERE"
                     " name IN ('event_queue', 'event_deliveries') AND sql LIKE"
                     " '%CHECK (status = ''pending'' OR status = %'") == 2);
  auto [name, states] = GENERATE(table<std::string, std::vector<std::string>>(
      {{"event_queue", {"processing", "quarantined", "pending"}},
       {"event_deliveries",
        {"sending", "delivered", "failed", "dead_letter", "skipped",
         "pending"}}}));
  for (const auto &state : states)
    CHECK_NOTHROW(
        store->execute("UPDATE " + name + " SET status = '" + state + "'"));
  for (const auto *state : {"'done'", "''", "NULL", "'Pending'"})
    CHECK_THROWS(store->execute("UPDATE " + name + " SET status = " + state));
  CHECK(store->count("SELECT count(*) FROM pragma_integrity_check WHERE "
                     "integrity_check <> 'ok'") == 0);
}

TEST_CASE("an item whose id is none is refused, and stays", "[sqlite]") {
  auto store = make_store("sqlite");
  auto session = store->connect();
  auto tenant = make_tenant();
  value_of(session->create_organization(tenant.owner, tenant.key));
  value_of(session->accept(make_events(tenant.id(), 1), 24h));
  auto taken = value_of(session->claim_items(
      {db::node_id::generate(), db::claim_id::generate(), 1}));
  store->execute("UPDATE event_queue SET id = 'some text'");
  auto moved = session->move(taken.id);
  REQUIRE(!moved);
  CHECK(moved.error().code == db::errc::rejected);
  CHECK(moved.error().text.find("is not a UUID") != std::string::npos);
  CHECK(store->count("SELECT count(*) FROM event_queue") == 1);
  CHECK(store->count("SELECT count(*) FROM events") == 0);
}
