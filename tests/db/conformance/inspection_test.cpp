#include "tests/db/conformance/tampering.hpp"

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

TEST_CASE("of items that are named those are listed that fit",
          "[conformance]") {
  bench on(EACH_STORE);
  auto bad = on.quarantine_some(1).front();
  auto ids = on.accept_some(3);
  auto named =
      std::vector{ids[2], bad, ids[0], ids[0], db::event_id::generate()};
  CHECK(listed(on, {.only = named}) == std::vector{bad, ids[0], ids[2]});
  CHECK(listed(on, {.status = db::item_status::quarantined, .only = named}) ==
        std::vector{bad});
  CHECK(listed(on, {.only = named, .limit = 1}) == std::vector{bad});
}

TEST_CASE("an event is found wherever it is", "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  auto event = make_event(other.id(), {.dedup_id = "d-1"});
  on.accept(event);
  auto find = [&](bool with_payload = false) {
    return value_of(on.session().find_item(event.id, with_payload));
  };
  auto found = find();
  REQUIRE(found.size() == 1);
  CHECK(found[0].where == db::event_view::place::queued);
  CHECK(found[0].item.id == event.id);
  CHECK(found[0].item.organization == other.id());
  CHECK(found[0].item.type == event.type);
  CHECK(found[0].item.accepted_at == on.clock().now());
  CHECK(found[0].dedup_id == "d-1");
  CHECK(found[0].payload_bytes ==
        static_cast<std::int64_t>(event.payload.size()));
  CHECK_FALSE(found[0].payload);
  CHECK(find(true)[0].payload == event.payload);
  REQUIRE(on.claim().items.size() == 1);
  found = find();
  CHECK(found[0].where == db::event_view::place::processing);
  CHECK(found[0].holder == on.node().name);
  on.clock().advance(6min);
  value_of(on.session().rescue({.stuck = {5min, 30s}, .max_attempts = 1}));
  found = find();
  CHECK(found[0].where == db::event_view::place::quarantined);
  CHECK(found[0].item.attempts == 1);
  CHECK_FALSE(found[0].item.last_error.empty());
  auto discarded_at = on.clock().now();
  copy_into_log(on, event.id);
  on.accept_some(2);
  REQUIRE(find().size() == 2);
  CHECK(find()[1].where == db::event_view::place::stored);
  CHECK(find()[1].stored_at.has_value());
  value_of(on.session().discard(order_for({event.id})));
  found = find(true);
  REQUIRE(found.size() == 2);
  CHECK(found[1].where == db::event_view::place::discarded);
  CHECK(found[1].discarded_at == discarded_at);
  CHECK(found[1].discarded_by == "anna");
  CHECK(found[1].reason == "ticket 12");
  CHECK(found[1].payload == event.payload);
  CHECK(
      value_of(on.session().find_item(db::event_id::generate(), true)).empty());
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
