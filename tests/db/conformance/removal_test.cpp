#include "tests/db/conformance/tampering.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

std::int64_t remove_all(bench &on, db::organization_id owner) {
  return value_of(on.session().remove_organization(owner, "anna", "a drill"));
}

/// How many rows of any table name the organization.
long traces(bench &on, db::organization_id owner) {
  const auto of = " WHERE organization_id = '" + owner.to_string() + "'";
  long sum = on.count("organizations WHERE id = '" + owner.to_string() + "'");
  for (const char *table :
       {"api_keys", "endpoints", "event_queue", "events", "event_deliveries",
        "delivery_attempts", "dedup_keys", "discarded"})
    sum += on.count(table + of);
  return sum;
}

/// Of the first tenant: one event in each place, and the key of another.
void fill_each_place(bench &on) {
  on.quarantine_some(1);
  value_of(on.session().discard(order_for(on.accept_some(1))));
  on.accept_some(1);
  on.move_all();
  on.accept_some(1);
  on.claim();
  on.accept(make_event(on.owner(), {.dedup_id = "d-1"}));
}

} // namespace

TEST_CASE("an organization leaves with all that is its own", "[conformance]") {
  bench on(EACH_STORE);
  fill_each_place(on);
  REQUIRE(on.verify().is_balanced());
  CHECK(remove_all(on, on.owner()) == 5);
  CHECK(traces(on, on.owner()) == 0);
  CHECK(on.in_ledger("written_off") == 5);
  CHECK(on.verify().is_balanced());
  CHECK_FALSE(value_of(on.session().find_key(on.first_tenant().key.hash)));
  CHECK(on.count("audit_log WHERE actor = 'anna' AND action = 'remove "
                 "organization' AND reason = 'a drill' AND detail LIKE "
                 "'events=5%'") == 1);
}

TEST_CASE("removing an organization leaves others alone", "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  value_of(on.session().accept(make_events(other.id(), 3), 24h));
  on.move_all();
  value_of(on.session().accept(make_events(other.id(), 2), 24h));
  on.accept_some(4);
  const auto before = traces(on, other.id());
  CHECK(remove_all(on, on.owner()) == 4);
  CHECK(traces(on, other.id()) == before);
  CHECK(on.verify().is_balanced());
  CHECK(on.claim().items.size() == 2);
}

TEST_CASE("who removes an organization twice changes nothing",
          "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(1);
  CHECK(remove_all(on, on.owner()) == 1);
  CHECK(remove_all(on, on.owner()) == 0);
  CHECK(on.count("audit_log WHERE action = 'remove organization'") == 1);
  CHECK(on.count("ledger WHERE kind = 'written_off'") == 1);
}

TEST_CASE("a lost event stays missing when its organization leaves",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(3);
  remove(on, "event_queue", ids[1]);
  CHECK(remove_all(on, on.owner()) == 2);
  check_fault(on.verify(), db::ledger_fault::kind::missing, on.owner(), ids[1]);
}

TEST_CASE("an event in two places is written off once", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(2);
  copy_into_log(on, ids[0]);
  CHECK(remove_all(on, on.owner()) == 2);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("an organization that leaves does not spoil a drain's proof",
          "[conformance]") {
  bench on(EACH_STORE);
  on.quarantine_some(1);
  auto other = on.add_tenant("Other");
  value_of(on.session().accept(make_events(other.id(), 1), 24h));
  on.accept_some(2);
  on.turn(db::processing_mode::draining);
  CHECK(remove_all(on, on.owner()) == 3);
  on.move_all();
  auto proof = value_of(on.session().finish_drain());
  REQUIRE(proof);
  CHECK(proof->is_balanced());
  CHECK(proof->discarded == 2);
}

TEST_CASE("what is written off with an organization is folded",
          "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(3);
  remove_all(on, on.owner());
  on.clock().advance(2h);
  while (value_of(on.session().compact_ledger({.older_than = 1h})).has_more)
    continue;
  CHECK(on.verify().is_balanced());
}

TEST_CASE("a claim for one organization takes nobody else's items",
          "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  value_of(on.session().accept(make_events(other.id(), 3), 24h));
  auto mine = on.accept_some(3);
  auto ask = [&](int limit) {
    return value_of(on.session().claim_items({.node = on.node().id,
                                              .id = db::claim_id::generate(),
                                              .limit = limit,
                                              .owner = on.owner()}));
  };
  auto first = ask(2);
  auto second = ask(100);
  CHECK(first.items.size() == 2);
  REQUIRE(second.items.size() == 1);
  CHECK(second.items[0].organization == on.owner());
  CHECK(ask(100).items.empty());
  CHECK(on.count("event_queue WHERE status = 'processing' AND"
                 " claimed_by = '" +
                 on.node().id.to_string() + "'") == 3);
  CHECK(value_of(on.session().move(first.id)) == 2);
  CHECK(on.claim().items.size() == 3);
}

TEST_CASE("a claim for one organization minds the gate", "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(1);
  on.turn(db::processing_mode::paused);
  auto taken =
      value_of(on.session().claim_items({.node = on.node().id,
                                         .id = db::claim_id::generate(),
                                         .limit = 1,
                                         .owner = on.owner()}));
  CHECK(taken.is_paused);
  CHECK(taken.items.empty());
}
