#include "tests/db/conformance/tampering.hpp"

using namespace sluice;
using namespace sluice::tests;

TEST_CASE("requeued items begin anew", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.quarantine_some(3);
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
  CHECK(on.verify().is_balanced());
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
  auto bad = on.quarantine_some(1);
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
  CHECK(on.verify().is_balanced());
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
  CHECK(on.verify().is_balanced());
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
  on.quarantine_some(1);
  std::string line = "two\nlines ";
  line.append(2000, 'x');
  auto ids = on.accept_some(1);
  CHECK(value_of(on.session().discard({ids, line, line})) == 1);
  CHECK(on.count("audit_log WHERE length(actor) = 1000 AND"
                 " length(reason) = 1000 AND actor LIKE 'two lines%'") == 1);
  CHECK(on.count("discarded WHERE length(reason) = 1000") == 1);
}
