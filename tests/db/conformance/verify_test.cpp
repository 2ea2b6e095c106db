#include <algorithm>

#include "tests/db/conformance/tampering.hpp"

using namespace sluice;
using namespace sluice::tests;
using fault = db::ledger_fault::kind;

TEST_CASE("the books of an empty store balance", "[conformance]") {
  bench on(EACH_STORE);
  auto report = on.verify();
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
  auto bad = on.quarantine_some(2);
  CHECK(value_of(on.session().discard(order_for({bad[0]}))) == 1);
  on.accept_some(4);
  auto report = on.verify();
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
  auto report = on.verify();
  CHECK(report.is_balanced());
  CHECK(report.sums.accepted == 3);
  CHECK(report.sums.stored == 3);
  remove(on, "events", ids[1]);
  check_fault(on.verify(), fault::missing, on.owner(), ids[1]);
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
  check_fault(on.verify(), fault::missing, on.owner(), ids[2]);
}

TEST_CASE("verify names an event that never came in", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(2);
  auto id = add_surplus(on);
  check_fault(on.verify(), fault::surplus, on.owner(), id);
  on.move_all();
  check_fault(on.verify(), fault::surplus, on.owner(), id);
}

TEST_CASE("verify names an event that is in two places", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(3);
  SECTION("the queue and the log") {
    copy_into_log(on, ids[1]);
  }
  SECTION("the queue and the discarded") {
    copy_to_discarded(on, ids[1]);
  }
  SECTION("the log and the discarded") {
    on.move_all();
    copy_to_discarded(on, ids[1], "events");
  }
  check_fault(on.verify(), fault::doubled, on.owner(), ids[1]);
}

TEST_CASE("faults that cancel each other out in the sums are named",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(4);
  SECTION("one lost, another put in its place") {
    remove(on, "event_queue", ids[0]);
    auto put = add_surplus(on);
    auto report = on.verify();
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
    auto report = on.verify();
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
  auto report = on.verify();
  CHECK(report.sums.is_balanced());
  check_fault(report, fault::doubled, on.owner(), ids[0]);
  value_of(on.session().repair_ledger("anna", "a test"));
  CHECK(on.verify().is_balanced());
}

TEST_CASE("an event at another organization than in the books is two faults",
          "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  auto ids = on.accept_some(2);
  on.move_all();
  on.store().execute("UPDATE events SET organization_id = '" +
                     other.id().to_string() + "' WHERE id = " + quoted(ids[0]));
  auto report = on.verify();
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
  auto report = on.verify(4);
  CHECK(report.fault_count == 10);
  REQUIRE(report.faults.size() == 4);
  for (std::size_t at = 0; at < 4; ++at)
    CHECK(report.faults[at].id == ids[at + 3]);
  auto unnamed = on.verify(0);
  CHECK(unnamed.fault_count == 10);
  CHECK(unnamed.faults.empty());
  CHECK_FALSE(unnamed.is_balanced());
}
