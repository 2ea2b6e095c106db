#include <functional>

#include "tests/db/conformance/tampering.hpp"
#include "tests/db/conformance/webhook_bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

/// One event of each type, into the log.
void store_types(webhook_bench &on, const std::vector<std::string> &types) {
  std::vector<db::new_event> events;
  for (const auto &type : types)
    events.push_back(make_event(on.owner(), {.type = type}));
  value_of(on.session().accept(events, 24h));
}

const std::vector<std::string> some_types{
    "invoice.paid", "invoice.",      "invoice",     "invoices.paid",
    "Invoice.paid", "order.created", "invoice_paid"};

void check_filters(webhook_bench &on,
                   const std::function<void(webhook_bench &)> &store) {
  auto all = on.add();
  auto exact = on.add({"order.created"});
  auto prefix = on.add({"invoice.*"});
  auto several = on.add({"order.created", "invoice.*", "invoice.paid"});
  auto none = on.add({"nothing.like.it", "order.*.x"});
  store(on);
  CHECK(on.of_endpoint(all) == 7);
  CHECK(on.of_endpoint(exact) == 1);
  CHECK(on.of_endpoint(prefix) == 2);
  CHECK(on.of_endpoint(several) == 3);
  CHECK(on.of_endpoint(none) == 0);
  // The inbox has one of each, which is due never.
  CHECK(on.inbox().size() == 7);
  CHECK(on.count("event_deliveries WHERE next_attempt_at IS NULL") == 7);
  CHECK(on.count("event_deliveries WHERE status = 'pending' AND"
                 " next_attempt_at = " +
                 on.store().literal(on.clock().now())) == 13);
  CHECK(on.verify().is_balanced());
}

} // namespace

TEST_CASE("endpoints get the types that they take, by move", "[conformance]") {
  webhook_bench on(EACH_STORE);
  check_filters(on, [](webhook_bench &at) {
    store_types(at, some_types);
    at.clock().advance(1s);
    REQUIRE(value_of(at.session().move(at.claim().id)) == 7);
  });
}

TEST_CASE("endpoints get the types that they take, by move_each",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  check_filters(on, [](webhook_bench &at) {
    store_types(at, some_types);
    at.clock().advance(1s);
    at.move_all();
  });
}

TEST_CASE("endpoints get the types that they take, by move_due",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  check_filters(on, [](webhook_bench &at) {
    store_types(at, some_types);
    at.clock().advance(1s);
    auto done = value_of(at.session().move_due({at.node().id, 100}));
    REQUIRE(done.moved.size() == 7);
  });
}

TEST_CASE("endpoints get the types that they take, at sync", "[conformance]") {
  webhook_bench on(EACH_STORE);
  check_filters(on, [](webhook_bench &at) {
    at.turn(db::ingest_mode::sync);
    at.clock().advance(1s);
    store_types(at, some_types);
  });
}

TEST_CASE("a recovery makes the deliveries that an event lacks",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto taking = on.add({"order.*"});
  auto other = on.add({"invoice.*"});
  auto id = on.accept_some(1).at(0);
  copy_into_log(on, id);
  const db::doubled_item twice{id, on.owner(), {}, true};
  db::recovery_order order;
  order.doubled = {&twice, 1};
  order.actor = "anna";
  order.reason = "ticket 12";
  CHECK(value_of(on.session().recover(order)).unqueued == 1);
  CHECK(on.of_endpoint(taking) == 1);
  CHECK(on.of_endpoint(other) == 0);
  CHECK(on.take(taking).deliveries.size() == 1);
  CHECK(on.inbox().size() == 1);
}

TEST_CASE("an endpoint that is not active keeps its deliveries, a removed one"
          " gets none",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto paused = on.add();
  paused.state = db::endpoint_state::paused;
  REQUIRE(value_of(on.session().save_endpoint(paused)));
  auto removed = on.add();
  REQUIRE(value_of(on.session().remove_endpoint(on.owner(), removed.id)));
  on.store_some(3);
  CHECK(on.of_endpoint(paused) == 3);
  CHECK(on.of_endpoint(removed) == 0);
  CHECK(on.take(paused).deliveries.empty());
  paused.version = 2;
  paused.state = db::endpoint_state::active;
  REQUIRE(value_of(on.session().save_endpoint(paused)));
  CHECK(on.take(paused).deliveries.size() == 3);
}

TEST_CASE("what waits for a removed endpoint is skipped in steps",
          "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto gone = on.add();
  auto stays = on.add();
  on.store_some(5);
  on.record(on.take(gone, 2), result_kind::retry);
  auto held = on.take(gone, 1);
  REQUIRE(value_of(on.session().remove_endpoint(on.owner(), gone.id)));
  CHECK(on.take(gone).deliveries.empty());
  CHECK(value_of(on.session().skip_removed(3)) == 3);
  CHECK(value_of(on.session().skip_removed(3)) == 1);
  CHECK(value_of(on.session().skip_removed(3)) == 0);
  CHECK(on.standing("skipped") == 4);
  // What is being sent may end first.
  CHECK(on.record(held, result_kind::retry).recorded == 1);
  CHECK(value_of(on.session().skip_removed(3)) == 1);
  CHECK(on.take(stays).deliveries.size() == 5);
  CHECK(on.inbox().size() == 5);
}

TEST_CASE("find_event shows the deliveries of webhooks", "[conformance]") {
  webhook_bench on(EACH_STORE);
  auto made = on.add();
  auto id = on.store_some(1).at(0);
  on.clock().advance(1s);
  on.record(on.take(made), result_kind::dead_letter);
  auto view = value_of(on.session().find_event(on.owner(), id));
  REQUIRE(view);
  REQUIRE(view->deliveries.size() == 2);
  auto pushed = std::find_if(
      view->deliveries.begin(), view->deliveries.end(),
      [&](const auto &one) { return one.endpoint == made.id.value(); });
  REQUIRE(pushed != view->deliveries.end());
  CHECK(pushed->status == db::delivery_status::dead_letter);
  CHECK(pushed->attempts == 1);
  CHECK(pushed->response_status == 503);
  CHECK(pushed->last_error == "answered 503");
  CHECK(pushed->updated_at == on.clock().now());
}
