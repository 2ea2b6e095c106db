#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <catch2/catch.hpp>

#include "db/sqlite/wal_file.hpp"
#include "tests/db/conformance/tampering.hpp"
#include "tests/db/sqlite/faulty_disk.hpp"
#include "tests/support/store_under_test.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;
using operation = faulty_disk::operation;

namespace {

/// A store on a disk that can be made to fail, with a tenant.
struct setting {
  faulty_disk disk;
  std::unique_ptr<store_under_test> store = make_store("sqlite");
  std::unique_ptr<db::store> session = store->connect();
  tenant owner = make_tenant();

  setting() { value_of(session->create_organization(owner.owner, owner.key)); }
  ~setting() { disk.heal(); }

  /// Claims an event that was accepted for it.
  db::claim claim_one() {
    auto event = make_event(owner.id());
    value_of(session->accept({&event, 1}, 24h));
    return value_of(session->claim_items(
        {db::node_id::generate(), db::claim_id::generate(), 1}));
  }

  void reconnect() { session = store->connect(); }
  long queued() { return store->count("SELECT count(*) FROM event_queue"); }
};

/// The same, with a WAL that is looked at.
struct wal_setting : setting {
  std::string file =
      store->source()->describe().substr(std::strlen("sqlite:")) + "-wal";

  long accepted = 0;

  long pages() const {
    return static_cast<long>(std::filesystem::file_size(file) / (24 + 4096));
  }
  void accept(std::size_t bytes) {
    auto payload = "{\"x\":\"" + std::string(bytes, 'y') + "\"}";
    auto event = make_event(owner.id(), {.payload = payload});
    value_of(session->accept({&event, 1}, 24h));
    ++accepted;
  }
  /// The commit that makes the first checkpoint due meets a failure of its
  /// `nth` fsync, of two; those shortly before it make one.
  void fail_when_checkpoint_is_due(int nth) {
    while (pages() < 3900)
      accept(200'000);
    while (pages() < 3980)
      accept(10'000);
    for (int i = 0; i < 100 && pages() < 4050; ++i) {
      disk.plan(operation::sync, nth);
      accept(10'000);
    }
    disk.heal();
    REQUIRE(pages() >= 4050);
  }
};

} // namespace

TEST_CASE("after a failed fsync another one than the kernel's word is needed",
          "[sqlite]") {
  setting on;
  auto event = make_event(on.owner.id());
  on.disk.plan(operation::sync, 1);
  // The WAL was written and synced once more before the answer.
  CHECK(value_of(on.session->accept({&event, 1}, 24h)).at(0).id == event.id);
  CHECK(on.disk.is_spent());
  CHECK(on.queued() == 1);
}

TEST_CASE("after a failed write nothing was written and the next call works",
          "[sqlite]") {
  setting on;
  auto event = make_event(on.owner.id());
  on.disk.plan(operation::write, 1);
  auto answer = on.session->accept({&event, 1}, 24h);
  REQUIRE(!answer);
  CHECK(answer.error().code == db::errc::unavailable);
  CHECK(on.disk.is_spent());
  CHECK(on.queued() == 0);
  auto spent = on.session->depth(1);
  REQUIRE(!spent);
  CHECK(spent.error().code == db::errc::unavailable);
  on.reconnect();
  CHECK(value_of(on.session->accept({&event, 1}, 24h)).at(0).id == event.id);
  CHECK(on.queued() == 1);
}

TEST_CASE("nothing is accepted until a probe was written and synced",
          "[sqlite]") {
  setting on;
  auto event = make_event(on.owner.id());
  auto other = on.store->connect();
  on.disk.plan(operation::sync, 1, faulty_disk::for_ever);
  auto answer = on.session->accept({&event, 1}, 24h);
  REQUIRE(!answer);
  REQUIRE(answer.error().code == db::errc::in_doubt);
  CHECK(!on.store->source()->connect(db::purpose::work));
  // A session from before is not believed either.
  auto second = make_event(on.owner.id());
  CHECK(other->accept({&second, 1}, 24h).error().code == db::errc::unavailable);
  // Reading goes on.
  CHECK(on.store->connect(db::purpose::read)->depth(1));
  on.disk.heal();
  on.reconnect();
  auto known = value_of(on.session->resolve(answer.error()));
  REQUIRE(known);
  CHECK(known->at(0).id == event.id);
  CHECK(on.queued() == 1);
}

TEST_CASE("nobody is shown what the disk has not taken", "[sqlite]") {
  setting on;
  auto taken = on.claim_one();
  auto id = taken.items.at(0).id;
  auto reader = on.store->connect(db::purpose::read);
  // Not synced by itself: only whoever looks makes it so.
  CHECK(value_of(on.session->move(taken.id)) == 1);
  on.disk.plan(operation::sync, 1, faulty_disk::for_ever);
  auto seen = reader->find_event(on.owner.id(), id);
  REQUIRE(!seen);
  CHECK(seen.error().code == db::errc::unavailable);
  CHECK(!reader->inbox(
      {.organization = on.owner.id(), .status = {}, .after = {}}));
  on.disk.heal();
  on.reconnect();
  CHECK(value_of(reader->find_event(on.owner.id(), id)));
}

TEST_CASE_METHOD(wal_setting,
                 "after a checkpoint that failed the WAL keeps everything",
                 "[sqlite]") {
  // The first sync of the commit that makes it due is not SQLite's.
  fail_when_checkpoint_is_due(2);
  // Otherwise the WAL would have begun anew.
  for (int i = 0; i < 100; ++i)
    accept(200'000);
  CHECK(pages() > 8000);
  // Nor is it carried over when it is closed, by the last who has it open.
  session.reset();
  store->reopen();
  CHECK(pages() > 8000);
  reconnect();
  CHECK(queued() == accepted);
  CHECK(store->count("SELECT count(*) FROM pragma_integrity_check WHERE "
                     "integrity_check <> 'ok'") == 0);
}

TEST_CASE_METHOD(wal_setting, "a WAL in doubt outlives who closes it",
                 "[sqlite]") {
  auto event = make_event(owner.id());
  disk.plan(operation::sync, 1, faulty_disk::for_ever);
  REQUIRE(!session->accept({&event, 1}, 24h));
  // The kernel reports a failure once.
  disk.heal();
  session.reset();
  const auto size = pages();
  store->reopen();
  CHECK(pages() == size);
  reconnect();
  CHECK(queued() == 1);
}

TEST_CASE_METHOD(wal_setting,
                 "what can't be synced is carried over once it can",
                 "[sqlite]") {
  fail_when_checkpoint_is_due(1);
  for (int i = 0; i < 100; ++i)
    accept(200'000);
  CHECK(pages() < 8000);
}

TEST_CASE("a WAL that lost a page is not taken for a whole one", "[sqlite]") {
  temporary_folder folder;
  auto path = (folder.path() / "some.db").string();
  SQLite::Database open(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  open.exec("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;"
            "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(20000));"
            "INSERT INTO t VALUES (randomblob(9000))");
  auto size = std::filesystem::file_size(path + "-wal");
  auto frames = static_cast<int>((size - 32) / (24 + 4096));
  REQUIRE(frames > 7);
  CHECK_NOTHROW(db::sqlite::rewrite_wal(path, frames));
  CHECK(open.execAndGet("SELECT count(*) FROM t").getInt() == 2);
  CHECK_THROWS_AS(db::sqlite::rewrite_wal(path, frames + 1), SQLite::Exception);
  std::fstream file(path + "-wal",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(32 + 3 * (24 + 4096) + 1000);
  file.put('x');
  file.close();
  CHECK_THROWS_AS(db::sqlite::rewrite_wal(path, frames), SQLite::Exception);
  CHECK_NOTHROW(db::sqlite::rewrite_wal(path, 3));
  CHECK_NOTHROW(db::sqlite::rewrite_wal(folder.path() / "none.db", 0));
}

TEST_CASE("what is in doubt for the disk's sake is done once it is well",
          "[sqlite]") {
  setting on;
  auto taken = on.claim_one();
  on.disk.plan(operation::sync, 1, faulty_disk::for_ever);
  auto answer = on.session->release(taken.id, {});
  REQUIRE(!answer);
  REQUIRE(answer.error().code == db::errc::in_doubt);
  on.disk.heal();
  on.reconnect();
  CHECK(value_of(on.session->resolve(answer.error())));
  CHECK(value_of(on.session->release(taken.id, {})) == 0);
}

TEST_CASE("a move whose COMMIT is in doubt is resolved as not done",
          "[sqlite]") {
  setting on;
  auto taken = on.claim_one();
  on.disk.plan(operation::write, 1, faulty_disk::for_ever);
  auto answer = on.session->move_each(taken.id, ids_of(taken));
  REQUIRE(!answer);
  REQUIRE(answer.error().code == db::errc::in_doubt);
  on.disk.heal();
  on.reconnect();
  CHECK(!value_of(on.session->resolve(answer.error())));
  CHECK(value_of(on.session->move_each(taken.id, ids_of(taken))).moved == 1);
}

TEST_CASE("a COMMIT that a constraint refuses asks nothing of the disk",
          "[sqlite]") {
  setting on;
  for (const auto &sql : refusing_commit(*on.store))
    on.store->execute(sql);
  auto event = make_event(on.owner.id());
  event.type = "refused";
  value_of(on.session->accept({&event, 1}, 24h));
  auto taken = value_of(on.session->claim_items(
      {db::node_id::generate(), db::claim_id::generate(), 1}));
  on.disk.plan(operation::sync, 1, faulty_disk::for_ever);
  auto answer = on.session->move(taken.id);
  REQUIRE(!answer);
  CHECK(answer.error().code == db::errc::rejected);
  on.disk.heal();
  CHECK(on.queued() == 1);
}

TEST_CASE("an accept in doubt is found after a kill, if it came through",
          "[sqlite]") {
  temporary_folder folder;
  db::store_options options;
  options.url = "sqlite:" + (folder.path() / "sluice.db").string();
  auto tenant = make_tenant();
  auto events = make_events(tenant.id(), 3);
  int doubt_pipe[2];
  REQUIRE(pipe(doubt_pipe) == 0);
  auto child = fork();
  if (child == 0) {
    faulty_disk disk;
    auto source = value_of(db::open_store(options));
    value_of(source->migrate());
    auto session = value_of(source->connect(db::purpose::work));
    // Nothing may be written after it, or it would take the frames' place.
    disk.die_at_next_sync();
    auto answer = session->accept(events, 24h);
    auto doubt = answer ? "no doubt" : answer.error().doubt;
    if (write(doubt_pipe[1], doubt.data(), doubt.size()) > 0)
      kill(getpid(), SIGKILL);
    _exit(1);
  }
  close(doubt_pipe[1]);
  std::string doubt(4096, ' ');
  doubt.resize(static_cast<std::size_t>(
      std::max<ssize_t>(0, read(doubt_pipe[0], doubt.data(), doubt.size()))));
  close(doubt_pipe[0]);
  REQUIRE(waitpid(child, nullptr, 0) == child);
  auto source = value_of(db::open_store(options));
  auto session = value_of(source->connect(db::purpose::work));
  auto outcomes =
      value_of(session->resolve({db::errc::in_doubt, "accept", doubt}));
  // The frames were written, only not synced: they survive a kill.
  REQUIRE(outcomes);
  CHECK(outcomes->size() == 3);
  CHECK(outcomes->at(2).id == events[2].id);
  CHECK(value_of(session->depth(10)).pending == 3);
}

TEST_CASE("a disk that fails at the n-th write or fsync loses and doubles "
          "nothing",
          "[sqlite]") {
  setting on;
  auto what = GENERATE(operation::write, operation::sync);
  auto times = GENERATE(1, 3);
  auto with_claims = GENERATE(true, false);
  long moved = 0;
  for (int nth = 1; nth <= 25; ++nth) {
    auto events = make_events(on.owner.id(), 5);
    on.disk.plan(what, nth, times);
    bool is_accepted = false;
    while (!is_accepted) {
      auto answer = on.session->accept(events, 24h);
      is_accepted = answer.has_value();
      while (!answer && !is_accepted) {
        auto session = on.store->source()->connect(db::purpose::work);
        if (!session)
          continue;
        on.session = std::move(*session);
        auto known = on.session->resolve(answer.error());
        if (answer.error().code != db::errc::in_doubt)
          break;
        if (known) {
          is_accepted = known->has_value();
          break;
        }
      }
    }
    moved += 5;
    REQUIRE(on.store->count("SELECT (SELECT count(*) FROM event_queue) + "
                            "(SELECT count(*) FROM events)") == moved);
    while (on.queued() > 0) {
      if (with_claims) {
        auto taken = on.session->claim_items(
            {db::node_id::generate(), db::claim_id::generate(), 5});
        if (taken)
          (void)on.session->move_each(taken->id, ids_of(*taken));
      } else {
        (void)on.session->move_due({db::node_id::generate(), 5});
      }
      if (auto session = on.store->source()->connect(db::purpose::work))
        on.session = std::move(*session);
      (void)on.session->enlist(make_node());
    }
    on.disk.heal();
    REQUIRE(on.store->count("SELECT count(*) FROM events") == moved);
    REQUIRE(on.store->count("SELECT count(*) FROM event_deliveries") == moved);
    REQUIRE(on.store->count("SELECT sum(count) FROM ledger WHERE kind = "
                            "'stored'") == moved);
  }
  CHECK(on.store->count("SELECT count(*) FROM pragma_integrity_check WHERE "
                        "integrity_check = 'ok'") == 1);
}
