#include <algorithm>

#include "tests/db/conformance/tampering.hpp"

using namespace sluice;
using namespace sluice::tests;
using fault = db::ledger_fault::kind;

namespace {

db::ledger_report repair(bench &on) {
  return value_of(on.session().repair_ledger("anna", "after the crash"));
}

} // namespace

TEST_CASE("repair strikes off what is missing", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(3);
  remove(on, "event_queue", ids[0]);
  remove(on, "event_queue", ids[2]);
  auto found = repair(on);
  CHECK(found.fault_count == 2);
  CHECK(found.faults.size() == 2);
  auto report = on.verify();
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
  copy_to_discarded(on, ids[0]);
  on.store().execute("UPDATE discarded SET organization_id = '" +
                     on.add_tenant("Other").id().to_string() + "'");
  remove(on, "event_queue", ids[0]);
  repair(on);
  CHECK(on.verify().is_balanced());
  on.store().execute("UPDATE discarded SET organization_id = '" +
                     on.owner().to_string() + "'");
  auto report = on.verify();
  CHECK(report.fault_count == 2);
  repair(on);
  report = on.verify();
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
  auto report = on.verify();
  CHECK(report.is_balanced());
  CHECK(report.sums.adopted == 1);
  on.move_all();
  CHECK(on.verify().is_balanced());
  CHECK(on.count("events") == 2);
}

TEST_CASE("repair leaves a doubled event in the log", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(2);
  copy_into_log(on, ids[0]);
  SECTION("of two") {}
  SECTION("of three") {
    copy_to_discarded(on, ids[0]);
  }
  auto found = repair(on);
  check_fault(found, fault::doubled, on.owner(), ids[0]);
  CHECK(on.verify().is_balanced());
  CHECK(on.count("events WHERE id = " + quoted(ids[0])) == 1);
  CHECK(on.count("event_queue WHERE id = " + quoted(ids[0])) == 0);
  CHECK(on.count("event_queue") == 1);
  CHECK(on.count("discarded") == 0);
  CHECK(on.count("ledger WHERE kind = 'undoubled' AND count = 1") == 1);
}

TEST_CASE("repair keeps contents that the log has not, under another id",
          "[conformance]") {
  bench on(EACH_STORE);
  auto id = on.accept_some(1)[0];
  copy_into_log(on, id);
  SECTION("of the queue") {
    on.store().execute("UPDATE event_queue SET payload = '{\"other\":1}'");
  }
  SECTION("of what was discarded") {
    copy_to_discarded(on, id);
    on.store().execute("UPDATE discarded SET payload = '{\"other\":1}'");
  }
  repair(on);
  const auto report = on.verify();
  CHECK(report.is_balanced());
  CHECK(report.sums.stored == 1);
  CHECK(report.sums.waiting == 0);
  CHECK(report.sums.discarded == 1);
  CHECK(report.sums.adopted == 1);
  CHECK(on.count("discarded WHERE payload = '{\"other\":1}' AND id <> " +
                 quoted(id)) == 1);
  CHECK(on.count("audit_log WHERE detail LIKE '% kept=1%'") == 1);
}

TEST_CASE("repair takes a surplus event in once, wherever it is doubled",
          "[conformance]") {
  bench on(EACH_STORE);
  auto id = add_surplus(on);
  copy_to_discarded(on, id);
  repair(on);
  auto report = on.verify();
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

TEST_CASE("a repair says what it did of each kind", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(6);
  copy_into_log(on, ids[0]);
  copy_to_discarded(on, ids[1]);
  remove(on, "event_queue", ids[2]);
  auto fresh = db::event_id::generate();
  on.store().execute("UPDATE event_queue SET id = " + quoted(fresh) +
                     " WHERE id = " + quoted(ids[3]));
  REQUIRE(on.verify().fault_count == 5);
  auto report = repair(on);
  CHECK(report.fault_count == 5);
  CHECK(report.faults.size() == 5);
  auto after = on.verify();
  CHECK(after.is_balanced());
  CHECK(after.sums.adopted == 1);
  CHECK(after.sums.written_off == 2);
  CHECK(after.sums.stored == 1);
  CHECK(after.sums.discarded == 1);
  CHECK(after.sums.waiting == 3);
  CHECK(on.count("audit_log WHERE actor = 'anna' AND action = 'repair' AND "
                 "detail LIKE 'faults=5 adopted=1 written_off=2 undoubled=2 "
                 "kept=0%'") == 1);
}
