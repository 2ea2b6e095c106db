#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

std::vector<db::event_id> ids_of(const std::vector<db::item_view> &items) {
  std::vector<db::event_id> ids;
  for (const auto &item : items)
    ids.push_back(item.id);
  return ids;
}

std::vector<db::event_id> listed(bench &on, const db::item_query &query) {
  return ids_of(value_of(on.session().list_items(query)));
}

} // namespace

TEST_CASE("items are listed with all that an operator wants to know",
          "[conformance]") {
  bench on(EACH_STORE);
  auto begun = on.clock().now();
  auto bad = on.quarantine_some(1).front();
  on.clock().advance(1s);
  auto held = on.accept_some(1).front();
  REQUIRE(on.claim().items.size() == 1);
  auto waiting = on.accept_some(1).front();
  auto items = value_of(on.session().list_items({}));
  REQUIRE(ids_of(items) == std::vector{bad, held, waiting});
  CHECK(items[0].status == db::item_status::quarantined);
  CHECK(items[0].organization == on.owner());
  CHECK(items[0].attempts == 1);
  CHECK(items[0].last_error == "bad");
  CHECK(items[0].accepted_at == begun);
  CHECK_FALSE(items[0].claimed_at);
  CHECK(items[1].status == db::item_status::processing);
  CHECK(items[1].claimed_at == on.clock().now());
  CHECK_FALSE(items[1].claimed_by.empty());
  CHECK(items[2].status == db::item_status::pending);
  CHECK(items[2].due_at == on.clock().now());
  CHECK(items[2].claimed_by.empty());
  CHECK(items[2].last_error.empty());
}

TEST_CASE("items are chosen by status, organization and age", "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  auto bad = on.quarantine_some(2);
  auto held = on.accept_some(1);
  REQUIRE(on.claim().items.size() == 1);
  on.clock().advance(1min);
  auto waiting = on.accept_some(2);
  auto theirs = make_event(other.id());
  on.accept(theirs);
  using enum db::item_status;
  CHECK(listed(on, {.status = quarantined}) == bad);
  CHECK(listed(on, {.status = processing}) == held);
  CHECK(listed(on, {.status = pending}).size() == 3);
  CHECK(listed(on, {.organization = other.id()}) == std::vector{theirs.id});
  CHECK(listed(on, {.status = pending, .organization = on.owner()}) == waiting);
  CHECK(listed(on, {.accepted_before = on.clock().now()}).size() == 3);
  CHECK(listed(on, {.status = quarantined, .organization = other.id()}) ==
        std::vector<db::event_id>());
}

TEST_CASE("a list of items goes on behind any of them", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(5);
  auto first = listed(on, {.limit = 2});
  CHECK(first == std::vector{ids[0], ids[1]});
  CHECK(listed(on, {.after = first.back(), .limit = 2}) ==
        std::vector{ids[2], ids[3]});
  CHECK(listed(on, {.after = ids.back()}).empty());
}

TEST_CASE("the audit log is listed, newest first", "[conformance]") {
  bench on(EACH_STORE);
  auto bad = on.quarantine_some(1);
  auto begun = on.clock().now();
  value_of(on.session().requeue(order_for(bad)));
  on.clock().advance(1s);
  on.turn(db::ingest_mode::reject);
  auto all = value_of(on.session().list_audit({}));
  REQUIRE(all.size() == 2);
  CHECK(all[0].actor == "eve@example.com");
  CHECK(all[0].reason == "a test");
  CHECK(all[0].position > all[1].position);
  CHECK(all[1].at == begun);
  CHECK(all[1].actor == "anna");
  CHECK(all[1].action == "requeue");
  CHECK(all[1].reason == "ticket 12");
  auto older = value_of(
      on.session().list_audit({.before = all[0].position, .limit = 7}));
  REQUIRE(older.size() == 1);
  CHECK(older[0].position == all[1].position);
  CHECK(value_of(on.session().list_audit({.limit = 1})).size() == 1);
}
