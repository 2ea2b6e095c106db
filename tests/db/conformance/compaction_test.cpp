#include <atomic>
#include <thread>

#include "tests/db/conformance/tampering.hpp"
#include "tests/support/faulty_store.hpp"

using namespace sluice;
using namespace sluice::tests;
using fault = db::ledger_fault::kind;
using processing = db::processing_mode;

namespace {

/// Folds all that is older than this moment; returns how many entries.
int fold_all(bench &on, db::compaction_request request = {}) {
  on.clock().advance(1s);
  int folded = 0;
  for (;;) {
    auto slice = value_of(on.session().compact_ledger(request));
    folded += slice.folded;
    if (!slice.has_more)
      return folded;
  }
}

/// Each in a transaction of its own.
std::vector<db::event_id> accept_one_by_one(bench &on, int count) {
  std::vector<db::event_id> ids;
  for (; count > 0; --count)
    ids.push_back(on.accept_some(1)[0]);
  return ids;
}

/// Something of everything; returns events that are in the log.
std::vector<db::event_id> keep_busy_books(bench &on) {
  auto other = on.add_tenant("Other");
  auto stored = accept_one_by_one(on, 40);
  for (int i = 0; i < 5; ++i)
    on.accept(make_event(other.id()));
  on.move_all();
  auto bad = on.quarantine_some(4);
  value_of(on.session().discard(order_for({bad[0], bad[1]})));
  value_of(on.session().requeue(order_for({bad[2]})));
  on.turn(db::ingest_mode::sync);
  accept_one_by_one(on, 7);
  on.turn(db::ingest_mode::async);
  accept_one_by_one(on, 9);
  return stored;
}

void check_same(const db::ledger_report &now, const db::ledger_report &then) {
  CHECK(now.position == then.position);
  CHECK(now.fault_count == then.fault_count);
  CHECK(now.sums.accepted == then.sums.accepted);
  CHECK(now.sums.adopted == then.sums.adopted);
  CHECK(now.sums.written_off == then.sums.written_off);
  CHECK(now.sums.stored == then.sums.stored);
  CHECK(now.sums.waiting == then.sums.waiting);
  CHECK(now.sums.discarded == then.sums.discarded);
  REQUIRE(now.faults.size() == then.faults.size());
  for (std::size_t at = 0; at < now.faults.size(); ++at) {
    CHECK(now.faults[at].what == then.faults[at].what);
    CHECK(now.faults[at].owner == then.faults[at].owner);
    CHECK(now.faults[at].id == then.faults[at].id);
  }
}

/// Ids that the ledger has of a kind.
long ids_in_ledger(bench &on, const std::string &kind) {
  return on.store().count("SELECT coalesce(sum(count - settled), 0) FROM "
                          "ledger WHERE kind = '" +
                          kind + "'");
}

} // namespace

TEST_CASE("folding leaves sums, names and the position as they were",
          "[conformance]") {
  bench on(EACH_STORE);
  auto stored = keep_busy_books(on);
  SECTION("when the books balance") {}
  SECTION("when they do not") {
    remove(on, "events", stored[3]);
    remove(on, "events", stored[30]);
    add_surplus(on);
    copy_to_discarded(on, stored[7], "events");
  }
  auto before = on.verify();
  auto accepted = on.in_ledger("accepted");
  auto moved = on.in_ledger("stored");
  auto entries = on.count("ledger");
  CHECK(fold_all(on) > 50);
  CHECK(on.count("ledger") < entries / 3);
  check_same(on.verify(), before);
  CHECK(on.in_ledger("accepted") == accepted);
  CHECK(on.in_ledger("stored") == moved);
  CHECK(fold_all(on) == 0);
}

TEST_CASE("an entry that was folded is at the newest of its positions",
          "[conformance]") {
  bench on(EACH_STORE);
  accept_one_by_one(on, 20);
  auto first = on.store().count("SELECT min(seq) FROM ledger");
  auto last = on.store().count("SELECT max(seq) FROM ledger");
  auto at = on.store().literal(on.clock().now());
  CHECK(fold_all(on) == 20);
  CHECK(on.count("ledger") == 1);
  CHECK(on.count("ledger WHERE kind = 'accepted' AND count = 20 AND seq = " +
                 std::to_string(last) + " AND first_seq = " +
                 std::to_string(first) + " AND at = " + at) == 1);
  // What comes later joins it.
  accept_one_by_one(on, 15);
  CHECK(fold_all(on) == 15);
  CHECK(on.count("ledger WHERE count = 35 AND first_seq = " +
                 std::to_string(first)) == 1);
  CHECK(on.count("ledger") == 1);
}

TEST_CASE("tampering is found in folded books as in fresh ones",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = accept_one_by_one(on, 30);
  on.move_all();
  fold_all(on);
  auto waiting = on.accept_some(2);
  SECTION("an event that is gone") {
    remove(on, "events", ids[11]);
    check_fault(on.verify(), fault::missing, on.owner(), ids[11]);
  }
  SECTION("an event that never came in") {
    auto id = add_surplus(on);
    check_fault(on.verify(), fault::surplus, on.owner(), id);
  }
  SECTION("an event in two places") {
    copy_to_discarded(on, ids[12], "events");
    check_fault(on.verify(), fault::doubled, on.owner(), ids[12]);
  }
  fold_all(on);
  CHECK(on.verify().fault_count == 1);
  value_of(on.session().repair_ledger("anna", "a test"));
  CHECK(on.verify().is_balanced());
  fold_all(on);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("an id that was written off leaves both sides", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = accept_one_by_one(on, 30);
  fold_all(on);
  for (std::size_t at = 0; at < 10; ++at)
    remove(on, "event_queue", ids[at]);
  auto adopted = add_surplus(on);
  value_of(on.session().repair_ledger("anna", "a test"));
  remove(on, "event_queue", adopted);
  value_of(on.session().repair_ledger("anna", "again"));
  auto before = on.verify();
  CHECK(before.sums.written_off == 11);
  CHECK(before.is_balanced());
  CHECK(fold_all(on) > 0);
  check_same(on.verify(), before);
  CHECK(ids_in_ledger(on, "written_off") == 0);
  CHECK(ids_in_ledger(on, "accepted") == 20);
  CHECK(ids_in_ledger(on, "adopted") == 0);
  CHECK(on.in_ledger("accepted") == 30);
  CHECK(fold_all(on) == 0);
  // It is as unknown as it was.
  copy_to_discarded(on, ids[20]);
  on.store().execute("UPDATE discarded SET id = " + quoted(ids[4]));
  check_fault(on.verify(), fault::surplus, on.owner(), ids[4]);
}

TEST_CASE("an id is struck from both sides as often as it is on both",
          "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(3);
  auto book_again = [&](const std::string &position, const std::string &kind) {
    on.store().execute("INSERT INTO ledger (at, kind, count, organization_id,"
                       " ids) SELECT at, '" +
                       kind +
                       "', count, organization_id, ids FROM ledger"
                       " WHERE seq = " +
                       position);
  };
  book_again("1", "adopted");
  book_again("1", "written_off");
  auto before = on.verify();
  CHECK(before.is_balanced());
  fold_all(on);
  check_same(on.verify(), before);
  CHECK(ids_in_ledger(on, "accepted") + ids_in_ledger(on, "adopted") == 3);
  CHECK(ids_in_ledger(on, "written_off") == 0);
  // On one side only: nothing is left of what the tables still have.
  book_again("2", "written_off");
  CHECK(on.verify().fault_count == 3);
  fold_all(on);
  CHECK(on.verify().fault_count == 3);
  CHECK(ids_in_ledger(on, "adopted") == 0);
}

TEST_CASE("only old entries are folded, and only when they are many",
          "[conformance]") {
  bench on(EACH_STORE);
  accept_one_by_one(on, 6);
  on.clock().advance(10min);
  accept_one_by_one(on, 5);
  CHECK(fold_all(on, {.older_than = 10min + 1s}) == 0);
  CHECK(fold_all(on, {.older_than = 10min, .at_least = 7}) == 0);
  CHECK(on.count("ledger") == 11);
  CHECK(fold_all(on, {.older_than = 10min, .at_least = 6}) == 6);
  CHECK(on.count("ledger") == 6);
}

TEST_CASE("a call takes no more than its limit", "[conformance]") {
  bench on(EACH_STORE);
  accept_one_by_one(on, 25);
  on.clock().advance(1s);
  db::compaction_request request{.limit = 10};
  auto slice = value_of(on.session().compact_ledger(request));
  CHECK(slice.folded == 10);
  CHECK(slice.made == 1);
  CHECK(slice.has_more);
  CHECK(on.count("ledger") == 16);
  CHECK(fold_all(on, request) == 15);
  CHECK(on.verify().is_balanced());
  CHECK(on.count("ledger") <= 2);
}

TEST_CASE("what does not add up stays as it is", "[conformance]") {
  bench on(EACH_STORE);
  accept_one_by_one(on, 6);
  if (on.store().name() == "postgres")
    on.store().execute("ALTER TABLE ledger DROP CONSTRAINT ledger_ids_check");
  on.store().execute("UPDATE ledger SET count = 2 WHERE seq = 3");
  on.store().execute("UPDATE ledger SET kind = 'mystery' WHERE seq = 5");
  auto before = on.verify();
  CHECK(fold_all(on) == 4);
  check_same(on.verify(), before);
  CHECK(on.count("ledger WHERE seq IN (3, 5) AND first_seq IS NULL") == 2);
  CHECK(on.count("ledger") == 3);
}

TEST_CASE("books that are known not to balance are not folded",
          "[conformance]") {
  bench on(EACH_STORE);
  accept_one_by_one(on, 6);
  value_of(on.session().keep_verdict({.is_balanced = false,
                                      .fault_count = 1,
                                      .checked_at = on.clock().now(),
                                      .age = {}}));
  CHECK(fold_all(on) == 0);
  value_of(on.session().keep_verdict({.is_balanced = true,
                                      .fault_count = 0,
                                      .checked_at = on.clock().now(),
                                      .age = {}}));
  CHECK(fold_all(on) == 6);
}

TEST_CASE("a drain's certificate does not notice that entries were folded",
          "[conformance]") {
  bench on(EACH_STORE);
  auto bad = on.quarantine_some(3);
  accept_one_by_one(on, 10);
  fold_all(on);
  on.turn(processing::draining);
  accept_one_by_one(on, 4);
  value_of(on.session().requeue(order_for({bad[0]})));
  value_of(on.session().discard(order_for({bad[1]})));
  auto position = on.verify().position;
  CHECK(fold_all(on) == 0);
  on.move_all();
  CHECK(fold_all(on) == 0);
  auto made = value_of(on.session().finish_drain());
  REQUIRE(made);
  CHECK(made->waiting_before == 10);
  CHECK(made->accepted == 4);
  CHECK(made->stored == 15);
  CHECK(made->requeued == 1);
  CHECK(made->is_balanced());
  CHECK(made->to > position);
  // Once it is certified nothing needs the entries any more.
  CHECK(fold_all(on) > 0);
  auto kept = value_of(on.session().last_drain());
  REQUIRE(kept);
  CHECK(kept->from == made->from);
  CHECK(kept->to == made->to);
  CHECK(kept->stored == 15);
  CHECK(on.verify().position == made->to);
}

TEST_CASE("a drain that begins after a fold counts from where it began",
          "[conformance]") {
  bench on(EACH_STORE);
  accept_one_by_one(on, 5);
  on.clock().advance(1s);
  on.turn(processing::draining);
  // Older than the beginning, so they are folded while it is under way.
  CHECK(fold_all(on) == 5);
  on.move_all();
  auto made = value_of(on.session().finish_drain());
  REQUIRE(made);
  CHECK(made->waiting_before == 5);
  CHECK(made->accepted == 0);
  CHECK(made->stored == 5);
  CHECK(made->is_balanced());
}

TEST_CASE("a drain that was given up holds no entry back", "[conformance]") {
  bench on(EACH_STORE);
  on.turn(processing::draining);
  accept_one_by_one(on, 5);
  CHECK(fold_all(on) == 0);
  on.turn(processing::running);
  CHECK(fold_all(on) == 5);
}

TEST_CASE("the ledger does not grow with the number of its entries",
          "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  long most = 0;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 4; ++i) {
      on.accept(make_event(on.owner()));
      on.accept(make_event(other.id()));
      on.move_all();
    }
    fold_all(on, {.at_least = 10});
    most = std::max(most, on.count("ledger"));
  }
  CHECK(on.verify().is_balanced());
  CHECK(on.verify().sums.accepted == 240);
  // Two organizations, two kinds, and what is too little to be folded.
  CHECK(most < 50);
  CHECK(on.count("ledger WHERE kind = 'stored'") <= 12);
}

TEST_CASE("a fold whose answer was lost may be repeated", "[conformance]") {
  bench on(EACH_STORE);
  auto when = GENERATE(planned_fault::moment::before_effect,
                       planned_fault::moment::after_effect);
  accept_one_by_one(on, 8);
  on.clock().advance(1s);
  auto before = on.verify();
  faulty_source source(on.store().source());
  source.plan().add(
      {.method = "compact_ledger", .when = when, .code = db::errc::in_doubt});
  auto session = value_of(source.connect(db::purpose::work));
  CHECK(!session->compact_ledger({}));
  check_same(on.verify(), before);
  fold_all(on);
  check_same(on.verify(), before);
  CHECK(on.count("ledger") == 1);
}

TEST_CASE("a large entry stays alone", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(1000);
  accept_one_by_one(on, 3);
  on.accept_some(1000);
  accept_one_by_one(on, 3);
  CHECK(fold_all(on) == 8);
  CHECK(on.count("ledger") == 3);
  CHECK(on.count("ledger WHERE count = 1000 AND first_seq = seq") == 2);
  CHECK(on.count("ledger WHERE count = 6") == 1);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("folding disturbs nobody who works at the same time",
          "[conformance]") {
  bench on(EACH_STORE, {.has_manual_clock = false});
  std::atomic<bool> is_over{false};
  std::atomic<int> faults{0};
  std::atomic<int> folded{0};
  auto repeat = [&](auto step) {
    return std::thread([&, step] {
      auto session = on.store().connect();
      while (!is_over)
        if (!step(*session))
          ++faults;
    });
  };
  auto is_busy = [](const auto &answer) {
    return !answer && answer.error().code == db::errc::conflict;
  };
  auto fold = [&](db::store &session) {
    auto slice = session.compact_ledger({.limit = 20});
    folded += slice ? slice->folded : 0;
    return slice || is_busy(slice);
  };
  auto verify = [&](db::store &session) {
    auto report = session.verify(10, 10s);
    return report && report->is_balanced();
  };
  auto move = [&](db::store &session) {
    auto taken =
        session.claim_items({on.node().id, db::claim_id::generate(), 7});
    return taken && session.move(taken->id);
  };
  std::vector<std::thread> busy;
  busy.push_back(repeat(fold));
  busy.push_back(repeat(fold));
  busy.push_back(repeat(verify));
  busy.push_back(repeat(move));
  for (int i = 0; i < 150; ++i)
    on.accept(make_event(on.owner()));
  is_over = true;
  for (auto &one : busy)
    one.join();
  CHECK(faults == 0);
  CHECK(folded > 0);
  on.move_all();
  CHECK(on.verify().is_balanced());
  CHECK(on.in_ledger("accepted") == 150);
  CHECK(on.in_ledger("stored") == 150);
  CHECK(on.count("events") == 150);
}
