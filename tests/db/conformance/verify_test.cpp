#include <algorithm>

#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

using fault = db::ledger_fault::kind;

namespace {

constexpr auto verify_limit = 60s;

db::ledger_report verify(bench &on, int most = 100) {
  return value_of(on.session().verify(most, verify_limit));
}

db::ledger_report repair(bench &on) {
  return value_of(on.session().repair_ledger("anna", "after the crash"));
}

std::string quoted(db::event_id id) {
  return "'" + id.to_string() + "'";
}

/// A database that an operator has had his hands in.
void remove(bench &on, const std::string &table, db::event_id id) {
  on.store().execute("DELETE FROM " + table + " WHERE id = " + quoted(id));
}

constexpr char columns[] = "id, organization_id, type, payload, dedup_id";

/// Copies an event from the queue into the log, and leaves it in the queue.
void copy_into_log(bench &on, db::event_id id) {
  on.store().execute(
      std::string("INSERT INTO events (") + columns +
      ", inserted_at, accepted_at) SELECT " + columns +
      ", inserted_at, inserted_at FROM event_queue WHERE id = " + quoted(id));
}

void copy_to_discarded(bench &on, const std::string &from, db::event_id id) {
  on.store().execute(std::string("INSERT INTO discarded (") + columns +
                     ", reason, discarded_by, discarded_at, accepted_at)"
                     " SELECT " +
                     columns + ", 'none', 'nobody', inserted_at, inserted_at" +
                     " FROM " + from + " WHERE id = " + quoted(id));
}

/// An event that nobody has accepted, in the queue.
db::event_id add_surplus(bench &on) {
  auto id = db::event_id::generate();
  auto now = on.store().literal(on.clock().now());
  on.store().execute(std::string("INSERT INTO event_queue (") + columns +
                     ", status, attempts, not_before, inserted_at) VALUES (" +
                     quoted(id) + ", '" + on.owner().to_string() +
                     "', 't', '{}', NULL, 'pending', 0, " + now + ", " + now +
                     ")");
  return id;
}

void check_fault(const db::ledger_report &report, fault what,
                 db::organization_id owner, db::event_id id) {
  CHECK_FALSE(report.is_balanced());
  CHECK(report.fault_count == 1);
  REQUIRE(report.faults.size() == 1);
  CHECK(report.faults[0].what == what);
  CHECK(report.faults[0].owner == owner);
  CHECK(report.faults[0].id == id);
}

/// Takes that many events into quarantine.
std::vector<db::event_id> quarantine_some(bench &on, int count) {
  auto ids = on.accept_some(count);
  auto taken = on.claim();
  std::vector<db::failure> failures;
  for (const auto &id : ids_of(taken))
    failures.push_back({id, "broken", std::nullopt});
  auto outcome = value_of(on.session().fail_items(taken.id, failures));
  REQUIRE(outcome.quarantined == count);
  return ids;
}

db::item_order order_for(const std::vector<db::event_id> &ids) {
  return {ids, "anna", "ticket 12"};
}

} // namespace

TEST_CASE("the books of an empty store balance", "[conformance]") {
  bench on(EACH_STORE);
  auto report = verify(on);
  CHECK(report.is_balanced());
  CHECK(report.at == on.clock().now());
  CHECK(report.position == 0);
  CHECK(report.sums.accepted == 0);
}

TEST_CASE("verify counts where all events are", "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  on.accept_some(3);
  on.accept(make_event(other.id()));
  on.move_all();
  auto bad = quarantine_some(on, 2);
  CHECK(value_of(on.session().discard(order_for({bad[0]}))) == 1);
  on.accept_some(4);
  auto report = verify(on);
  CHECK(report.is_balanced());
  CHECK(report.sums.accepted == 10);
  CHECK(report.sums.stored == 4);
  CHECK(report.sums.waiting == 5);
  CHECK(report.sums.discarded == 1);
  CHECK(report.sums.adopted == 0);
  CHECK(report.sums.written_off == 0);
  CHECK(report.position == on.store().count("SELECT max(seq) FROM ledger"));
}

TEST_CASE("events that went straight into the log are in the books",
          "[conformance]") {
  bench on(EACH_STORE);
  db::gate_change change;
  change.ingest = db::ingest_mode::sync;
  REQUIRE(value_of(on.session().change_gate(change)));
  auto ids = on.accept_some(3);
  auto report = verify(on);
  CHECK(report.is_balanced());
  CHECK(report.sums.accepted == 3);
  CHECK(report.sums.stored == 3);
  remove(on, "events", ids[1]);
  check_fault(verify(on), fault::missing, on.owner(), ids[1]);
}

TEST_CASE("verify names an event that is nowhere", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(5);
  SECTION("any more, in the queue") {
    remove(on, "event_queue", ids[2]);
  }
  SECTION("any more, in the log") {
    on.move_all();
    remove(on, "events", ids[2]);
  }
  SECTION("any more, among the discarded") {
    CHECK(value_of(on.session().discard(order_for(ids))) == 5);
    remove(on, "discarded", ids[2]);
  }
  check_fault(verify(on), fault::missing, on.owner(), ids[2]);
}

TEST_CASE("verify names an event that never came in", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(2);
  auto id = add_surplus(on);
  check_fault(verify(on), fault::surplus, on.owner(), id);
  on.move_all();
  check_fault(verify(on), fault::surplus, on.owner(), id);
}

TEST_CASE("verify names an event that is in two places", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(3);
  SECTION("the queue and the log") {
    copy_into_log(on, ids[1]);
  }
  SECTION("the queue and the discarded") {
    copy_to_discarded(on, "event_queue", ids[1]);
  }
  SECTION("the log and the discarded") {
    on.move_all();
    copy_to_discarded(on, "events", ids[1]);
  }
  check_fault(verify(on), fault::doubled, on.owner(), ids[1]);
}

TEST_CASE("faults that cancel each other out in the sums are named",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(4);
  SECTION("one lost, another put in its place") {
    remove(on, "event_queue", ids[0]);
    auto put = add_surplus(on);
    auto report = verify(on);
    CHECK(report.sums.is_balanced());
    CHECK_FALSE(report.is_balanced());
    REQUIRE(report.faults.size() == 2);
    CHECK(report.faults[0].id == ids[0]);
    CHECK(report.faults[0].what == fault::missing);
    CHECK(report.faults[1].id == put);
    CHECK(report.faults[1].what == fault::surplus);
  }
  SECTION("one lost, another twice") {
    remove(on, "event_queue", ids[0]);
    copy_into_log(on, ids[1]);
    auto report = verify(on);
    CHECK(report.sums.is_balanced());
    REQUIRE(report.fault_count == 2);
    CHECK(report.faults[0].what == fault::missing);
    CHECK(report.faults[1].what == fault::doubled);
  }
}

TEST_CASE("an event that is twice in the ledger and in two places is named",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(1);
  on.store().execute(
      "INSERT INTO ledger (at, node, kind, count, organization_id, ids)"
      " SELECT at, node, kind, count, organization_id, ids FROM ledger");
  copy_into_log(on, ids[0]);
  auto report = verify(on);
  CHECK(report.sums.is_balanced());
  check_fault(report, fault::doubled, on.owner(), ids[0]);
  repair(on);
  CHECK(verify(on).is_balanced());
}

TEST_CASE("an event at another organization than in the books is two faults",
          "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  auto ids = on.accept_some(2);
  on.move_all();
  on.store().execute("UPDATE events SET organization_id = '" +
                     other.id().to_string() + "' WHERE id = " + quoted(ids[0]));
  auto report = verify(on);
  CHECK(report.sums.is_balanced());
  REQUIRE(report.faults.size() == 2);
  for (const auto &found : report.faults) {
    CHECK(found.id == ids[0]);
    CHECK(found.what ==
          (found.owner == on.owner() ? fault::missing : fault::surplus));
  }
}

TEST_CASE("verify counts all faults, and names the first", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(20);
  for (std::size_t at = 3; at < 13; ++at)
    remove(on, "event_queue", ids[at]);
  auto report = verify(on, 4);
  CHECK(report.fault_count == 10);
  REQUIRE(report.faults.size() == 4);
  for (std::size_t at = 0; at < 4; ++at)
    CHECK(report.faults[at].id == ids[at + 3]);
  auto unnamed = verify(on, 0);
  CHECK(unnamed.fault_count == 10);
  CHECK(unnamed.faults.empty());
  CHECK_FALSE(unnamed.is_balanced());
}

TEST_CASE("repair strikes off what is missing", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(3);
  remove(on, "event_queue", ids[0]);
  remove(on, "event_queue", ids[2]);
  auto found = repair(on);
  CHECK(found.fault_count == 2);
  CHECK(found.faults.size() == 2);
  auto report = verify(on);
  CHECK(report.is_balanced());
  CHECK(report.sums.written_off == 2);
  CHECK(report.sums.waiting == 1);
  CHECK(on.count("ledger WHERE kind = 'written_off' AND count = 2 AND"
                 " organization_id = '" +
                 on.owner().to_string() + "'") == 1);
  CHECK(on.count("audit_log WHERE actor = 'anna' AND action = 'repair'"
                 " AND reason = 'after the crash'") == 1);
}

TEST_CASE("what was struck off and comes back is surplus", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(2);
  copy_to_discarded(on, "event_queue", ids[0]);
  on.store().execute("UPDATE discarded SET organization_id = '" +
                     on.add_tenant("Other").id().to_string() + "'");
  remove(on, "event_queue", ids[0]);
  repair(on);
  CHECK(verify(on).is_balanced());
  on.store().execute("UPDATE discarded SET organization_id = '" +
                     on.owner().to_string() + "'");
  auto report = verify(on);
  CHECK(report.fault_count == 2);
  repair(on);
  report = verify(on);
  CHECK(report.is_balanced());
  CHECK(report.sums.adopted == 2);
  CHECK(report.sums.written_off == 2);
}

TEST_CASE("repair takes in what is surplus, and it moves", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(1);
  auto id = add_surplus(on);
  auto found = repair(on);
  check_fault(found, fault::surplus, on.owner(), id);
  auto report = verify(on);
  CHECK(report.is_balanced());
  CHECK(report.sums.adopted == 1);
  on.move_all();
  CHECK(verify(on).is_balanced());
  CHECK(on.count("events") == 2);
}

TEST_CASE("repair leaves a doubled event in the log", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(2);
  copy_into_log(on, ids[0]);
  SECTION("of two") {}
  SECTION("of three") {
    copy_to_discarded(on, "event_queue", ids[0]);
  }
  auto found = repair(on);
  check_fault(found, fault::doubled, on.owner(), ids[0]);
  CHECK(verify(on).is_balanced());
  CHECK(on.count("events WHERE id = " + quoted(ids[0])) == 1);
  CHECK(on.count("event_queue WHERE id = " + quoted(ids[0])) == 0);
  CHECK(on.count("event_queue") == 1);
  CHECK(on.count("discarded") == 0);
  CHECK(on.count("ledger WHERE kind = 'undoubled' AND count = 1") == 1);
}

TEST_CASE("repair takes a surplus event in once, wherever it is doubled",
          "[conformance]") {
  bench on(EACH_STORE);
  auto id = add_surplus(on);
  copy_to_discarded(on, "event_queue", id);
  repair(on);
  auto report = verify(on);
  CHECK(report.is_balanced());
  CHECK(report.sums.adopted == 1);
  CHECK(report.sums.discarded == 1);
  CHECK(report.sums.waiting == 0);
}

TEST_CASE("repair of books that balance changes none", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(3);
  on.move_all();
  auto before = on.count("ledger");
  CHECK(repair(on).is_balanced());
  CHECK(on.count("ledger") == before);
  CHECK(on.count("events") == 3);
}

TEST_CASE("requeued items begin anew", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = quarantine_some(on, 3);
  on.clock().advance(1h);
  auto asked = std::vector{ids[0], db::event_id::generate(), ids[2], ids[0]};
  CHECK(value_of(on.session().requeue(order_for(asked))) == 2);
  CHECK(on.count("event_queue WHERE status = 'pending' AND attempts = 0 AND"
                 " last_error IS NULL AND claim_id IS NULL AND not_before = " +
                 on.store().literal(on.clock().now())) == 2);
  CHECK(on.count("event_queue WHERE status = 'quarantined' AND attempts = 1") ==
        1);
  CHECK(on.count("ledger WHERE kind = 'requeued' AND count = 2") == 1);
  CHECK(on.count("audit_log WHERE actor = 'anna' AND action = 'requeue' AND"
                 " reason = 'ticket 12'") == 1);
  CHECK(verify(on).is_balanced());
  on.move_all();
  CHECK(on.count("events") == 2);
}

TEST_CASE("only what is in quarantine is requeued", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(2);
  auto taken = on.claim(1);
  REQUIRE(taken.items.size() == 1);
  CHECK(value_of(on.session().requeue(order_for(ids))) == 0);
  CHECK(value_of(on.session().requeue(order_for({}))) == 0);
  CHECK(value_of(on.session().move(taken.id)) == 1);
  CHECK(on.count("ledger WHERE kind = 'requeued'") == 0);
  CHECK(on.count("audit_log") == 0);
}

TEST_CASE("discarded items leave the queue with all that is theirs",
          "[conformance]") {
  bench on(EACH_STORE);
  auto bad = quarantine_some(on, 1);
  auto event = make_event(on.owner(), {.dedup_id = "d-1"});
  on.accept(event);
  auto since = on.clock().now();
  on.clock().advance(1min);
  CHECK(value_of(on.session().discard(order_for({bad[0], event.id}))) == 2);
  CHECK(on.count("event_queue") == 0);
  CHECK(on.count("discarded WHERE id = " + quoted(event.id) +
                 " AND dedup_id = 'd-1' AND reason = 'ticket 12' AND"
                 " discarded_by = 'anna' AND accepted_at = " +
                 on.store().literal(since) + " AND discarded_at = " +
                 on.store().literal(on.clock().now())) == 1);
  CHECK(on.count("ledger WHERE kind = 'discarded' AND count = 1") == 1);
  CHECK(on.count("ledger WHERE kind = 'discarded_quarantined' AND count = 1") ==
        1);
  CHECK(on.count("audit_log WHERE actor = 'anna' AND action = 'discard'") == 1);
  auto view = value_of(on.session().find_event(on.owner(), event.id));
  REQUIRE(view);
  CHECK(view->where == db::event_view::place::discarded);
  CHECK(verify(on).is_balanced());
  CHECK(on.accept(make_event(on.owner(), {.dedup_id = "d-1"})).what ==
        accepted::duplicate);
}

TEST_CASE("an item that is worked on is not discarded", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(2);
  auto taken = on.claim();
  CHECK(value_of(on.session().discard(order_for(ids))) == 0);
  CHECK(value_of(on.session().move(taken.id)) == 2);
  CHECK(value_of(on.session().discard(order_for(ids))) == 0);
  CHECK(on.count("discarded") == 0);
  CHECK(on.count("audit_log") == 0);
  CHECK(verify(on).is_balanced());
}

TEST_CASE("each organization's items are booked apart", "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  auto events = make_events(on.owner(), 2);
  events.push_back(make_event(other.id()));
  value_of(on.session().accept(events, 24h));
  CHECK(value_of(on.session().discard(order_for(ids_of(events)))) == 3);
  CHECK(on.count("ledger WHERE kind = 'discarded'") == 2);
  CHECK(on.count("ledger WHERE kind = 'discarded' AND count = 1 AND"
                 " organization_id = '" +
                 other.id().to_string() + "'") == 1);
}

TEST_CASE("who gave an order and why is kept in one line each",
          "[conformance]") {
  bench on(EACH_STORE);
  quarantine_some(on, 1);
  std::string line = "two\nlines ";
  line.append(2000, 'x');
  auto ids = on.accept_some(1);
  CHECK(value_of(on.session().discard({ids, line, line})) == 1);
  CHECK(on.count("audit_log WHERE length(actor) = 1000 AND"
                 " length(reason) = 1000 AND actor LIKE 'two lines%'") == 1);
  CHECK(on.count("discarded WHERE length(reason) = 1000") == 1);
}
