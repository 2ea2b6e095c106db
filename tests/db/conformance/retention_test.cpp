#include "tests/db/conformance/tampering.hpp"
#include "tests/db/conformance/webhook_bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

using db::prunable;

constexpr auto kept_for = 720h;

/// A bench whose clock tells the time, as the ids of events do.
class old_bench : public webhook_bench {
public:
  explicit old_bench(const std::string &store) : webhook_bench(store) {
    clock().advance(db::system_now() - clock().now());
  }

  /// As long as everything has to be kept, and longer than a test takes: the
  /// ids of what was stored so far tell real times.
  void grow_old() { clock().advance(kept_for + 1h); }

  db::prune_outcome step(prunable what, int limit = 100,
                         std::string after = {}) {
    return value_of(session().prune({.what = what,
                                     .older_than = kept_for,
                                     .after = std::move(after),
                                     .limit = limit}));
  }

  /// A whole round; how many steps it took is in `steps`.
  db::prune_outcome round(prunable what, int limit = 100) {
    db::prune_outcome sum;
    std::string after;
    steps = 0;
    do {
      auto done = step(what, limit, after);
      sum.events += done.events;
      sum.deliveries += done.deliveries;
      sum.attempts += done.attempts;
      sum.dedup_keys += done.dedup_keys;
      after = done.next;
      REQUIRE(++steps < 200);
      REQUIRE(verify().is_balanced());
    } while (!after.empty());
    return sum;
  }

  void acknowledge(const std::vector<db::event_id> &ids) {
    value_of(session().acknowledge(owner(), ids));
  }
  void settle(const db::endpoint &of, result_kind what, int most = 100) {
    record(take(of, most), what);
  }
  bool knows(db::event_id id) {
    return value_of(session().find_event(owner(), id)).has_value();
  }

  int steps = 0;
};

} // namespace

TEST_CASE("an old event leaves with all that is its own", "[conformance]") {
  old_bench on(EACH_STORE);
  auto to = on.add();
  auto ids = on.store_some(3);
  on.settle(to, result_kind::delivered);
  on.acknowledge(ids);
  CHECK(on.round(prunable::events).sum() == 0);
  on.grow_old();
  auto fresh = on.store_some(2);
  auto gone = on.round(prunable::events);
  CHECK(gone.events == 3);
  CHECK(gone.deliveries == 6);
  CHECK(gone.attempts == 3);
  CHECK_FALSE(on.knows(ids[0]));
  CHECK(on.knows(fresh[0]));
  CHECK(on.count("events") == 2);
  CHECK(on.count("event_deliveries") == 4);
  CHECK(on.count("delivery_attempts") == 0);
  CHECK(on.in_ledger("written_off") == 3);
  CHECK(on.verify().sums.written_off == 3);
}

TEST_CASE("what waits for an inbox stays, however old", "[conformance]") {
  old_bench on(EACH_STORE);
  auto ids = on.store_some(3);
  on.acknowledge({ids[1]});
  on.grow_old();
  CHECK(on.round(prunable::events).events == 1);
  CHECK(on.knows(ids[0]));
  CHECK_FALSE(on.knows(ids[1]));
  CHECK(on.inbox().size() == 2);
}

TEST_CASE("an event that has arrived at a webhook need not be acknowledged",
          "[conformance]") {
  old_bench on(EACH_STORE);
  auto to = on.add();
  on.store_some(4);
  on.settle(to, result_kind::delivered, 1);
  on.settle(to, result_kind::dead_letter, 1);
  on.settle(to, result_kind::retry, 1);
  on.grow_old();
  // The dead letter has reached nobody: it waits in the inbox.
  CHECK(on.round(prunable::events).events == 1);
  CHECK(on.inbox().size() == 3);
  CHECK(on.standing("delivered") == 0);
  CHECK(on.standing("failed") == 1);
  CHECK(on.standing("pending") == 1);
}

TEST_CASE("a delivery that waits holds its event", "[conformance]") {
  old_bench on(EACH_STORE);
  auto one = on.add();
  auto two = on.add();
  auto ids = on.store_some(1);
  on.acknowledge(ids);
  on.settle(one, result_kind::delivered);
  on.grow_old();
  CHECK(on.round(prunable::events).events == 0);
  auto taken = on.take(two);
  REQUIRE(taken.deliveries.size() == 1);
  CHECK(on.round(prunable::events).events == 0);
  on.record(taken, result_kind::retry);
  CHECK(on.round(prunable::events).events == 0);
  on.clock().advance(10s);
  on.settle(two, result_kind::dead_letter);
  CHECK(on.round(prunable::events).events == 1);
  CHECK(on.count("event_deliveries") == 0);
}

TEST_CASE("an event is as old as its place in the log", "[conformance]") {
  old_bench on(EACH_STORE);
  auto ids = on.accept_some(1);
  on.grow_old();
  on.move_all();
  on.acknowledge(ids);
  CHECK(on.round(prunable::events).events == 0);
  on.grow_old();
  CHECK(on.round(prunable::events).events == 1);
}

TEST_CASE("what is not in the log stays", "[conformance]") {
  old_bench on(EACH_STORE);
  on.quarantine_some(1);
  value_of(on.session().discard(order_for(on.accept_some(1))));
  on.accept_some(1);
  on.grow_old();
  CHECK(on.round(prunable::events).sum() == 0);
  CHECK(on.round(prunable::deliveries).sum() == 0);
  CHECK(on.count("event_queue") == 2);
  CHECK(on.count("discarded") == 1);
}

TEST_CASE("an event in two places is left to a repair", "[conformance]") {
  old_bench on(EACH_STORE);
  auto ids = on.accept_some(2);
  copy_into_log(on, ids[0]);
  copy_to_discarded(on, ids[0]);
  on.grow_old();
  CHECK(on.step(prunable::events).sum() == 0);
  remove(on, "event_queue", ids[0]);
  CHECK(on.step(prunable::events).sum() == 0);
  remove(on, "discarded", ids[0]);
  CHECK(on.step(prunable::events).events == 1);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("what is missing or surplus stays so when old events leave",
          "[conformance]") {
  old_bench on(EACH_STORE);
  auto ids = on.store_some(3);
  on.acknowledge(ids);
  remove(on, "events", ids[1]);
  on.grow_old();
  CHECK(on.step(prunable::events).events == 2);
  check_fault(on.verify(), db::ledger_fault::kind::missing, on.owner(), ids[1]);
}

TEST_CASE("settled deliveries leave although their event stays",
          "[conformance]") {
  old_bench on(EACH_STORE);
  auto to = on.add();
  auto ids = on.store_some(4);
  on.settle(to, result_kind::delivered, 1);
  on.settle(to, result_kind::dead_letter, 1);
  on.settle(to, result_kind::retry, 1);
  on.grow_old();
  auto gone = on.round(prunable::deliveries);
  CHECK(gone.deliveries == 2);
  CHECK(gone.attempts == 2);
  CHECK(gone.events == 0);
  CHECK(on.standing("failed") == 1);
  CHECK(on.standing("pending") == 1);
  CHECK(on.inbox().size() == 4);
  CHECK(on.count("delivery_attempts") == 1);
  auto seen = value_of(on.session().find_event(on.owner(), ids[3]));
  REQUIRE(seen);
  CHECK(seen->deliveries.size() == 2);
}

TEST_CASE("a delivery is as old as its last change", "[conformance]") {
  old_bench on(EACH_STORE);
  auto to = on.add();
  on.store_some(1);
  on.grow_old();
  on.settle(to, result_kind::delivered);
  CHECK(on.round(prunable::deliveries).sum() == 0);
  on.grow_old();
  CHECK(on.round(prunable::deliveries).deliveries == 1);
}

TEST_CASE("an event whose deliveries left is not held by its inbox",
          "[conformance]") {
  old_bench on(EACH_STORE);
  auto to = on.add();
  on.store_some(2);
  on.settle(to, result_kind::delivered, 1);
  on.settle(to, result_kind::dead_letter, 1);
  on.grow_old();
  CHECK(on.round(prunable::deliveries).deliveries == 2);
  CHECK(on.inbox().size() == 2);
  CHECK(on.round(prunable::events).events == 1);
  CHECK(on.inbox().size() == 1);
}

TEST_CASE("old rows leave in small steps, of every organization",
          "[conformance]") {
  old_bench on(EACH_STORE);
  std::vector<tenant> others;
  for (int i = 0; i < 3; ++i)
    others.push_back(on.add_tenant("Other"));
  for (const auto &other : others) {
    auto events = make_events(other.id(), 7);
    value_of(on.session().accept(events, 24h));
    on.move_all();
    value_of(on.session().acknowledge(other.id(), ids_of(events)));
  }
  // They stay, and no step begins with them again.
  on.store_some(5);
  on.grow_old();
  CHECK(on.step(prunable::events, 2).events <= 2);
  CHECK(on.round(prunable::events, 2).events >= 19);
  CHECK(on.steps > 9);
  CHECK(on.count("events") == 5);
  CHECK(on.inbox().size() == 5);
}

TEST_CASE("a step removes something while there is something old, however "
          "long the log is",
          "[conformance]") {
  old_bench on(EACH_STORE);
  constexpr int batches = 12;
  constexpr int most_at_once = 500;
  for (int batch = 0; batch < batches; ++batch) {
    auto ids = on.accept_some(most_at_once);
    on.move_all();
    on.acknowledge(ids);
  }
  on.grow_old();
  auto left = on.count("events");
  CHECK(left == batches * most_at_once);
  for (std::string after; left > 0;) {
    auto done = on.step(prunable::events, most_at_once, after);
    REQUIRE(done.events > 0);
    left -= done.events;
    after = done.next;
    REQUIRE((left == 0 || !after.empty()));
  }
  CHECK(on.count("events") == 0);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("a round ends with what is old", "[conformance]") {
  old_bench on(EACH_STORE);
  auto to = on.add();
  on.store_some(30);
  on.settle(to, result_kind::delivered);
  CHECK(on.round(prunable::events, 1).sum() == 0);
  CHECK(on.steps <= 2);
  CHECK(on.round(prunable::events, 1).sum() == 0);
  CHECK(on.round(prunable::dedup_keys, 1).sum() == 0);
  CHECK(on.steps == 1);
}

TEST_CASE("keys that have ended leave, unless their event waits",
          "[conformance]") {
  old_bench on(EACH_STORE);
  for (int i = 0; i < 5; ++i)
    on.accept(make_event(on.owner(), {.dedup_id = std::to_string(i)}));
  on.move_all();
  on.accept(make_event(on.owner(), {.dedup_id = "waits"}));
  on.clock().advance(24h);
  on.accept(make_event(on.owner(), {.dedup_id = "fresh"}));
  CHECK(on.round(prunable::dedup_keys).sum() == 0);
  on.clock().advance(kept_for);
  on.clock().advance(1s);
  CHECK(on.step(prunable::dedup_keys, 2).dedup_keys == 2);
  CHECK(on.round(prunable::dedup_keys, 2).dedup_keys == 3);
  CHECK(on.count("dedup_keys") == 2);
  CHECK(on.accept(make_event(on.owner(), {.dedup_id = "waits"})).what !=
        accepted::accepted);
  on.move_all();
  on.clock().advance(24h);
  CHECK(on.round(prunable::dedup_keys).dedup_keys == 2);
}

TEST_CASE("keys of one moment that are all held don't stop a round",
          "[conformance]") {
  old_bench on(EACH_STORE);
  std::vector<db::new_event> events;
  for (int i = 0; i < 30; ++i)
    events.push_back(make_event(on.owner(), {.dedup_id = std::to_string(i)}));
  value_of(on.session().accept(events, 24h));
  on.clock().advance(1s);
  on.grow_old();
  on.clock().advance(24h);
  CHECK(on.round(prunable::dedup_keys, 1).sum() == 0);
  CHECK(on.count("dedup_keys") == 30);
}

TEST_CASE("what retention wrote off is folded", "[conformance]") {
  old_bench on(EACH_STORE);
  for (int i = 0; i < 4; ++i)
    on.acknowledge(on.store_some(3));
  auto fold = [&] {
    on.clock().advance(2h);
    while (value_of(on.session().compact_ledger({.older_than = 1h})).has_more)
      CHECK(on.verify().is_balanced());
  };
  fold();
  on.grow_old();
  CHECK(on.round(prunable::events, 5).events == 12);
  fold();
  auto books = on.verify();
  CHECK(books.is_balanced());
  CHECK(books.sums.accepted == 12);
  CHECK(books.sums.written_off == 12);
}

TEST_CASE("a repair and retention leave the books in order", "[conformance]") {
  old_bench on(EACH_STORE);
  auto ids = on.store_some(3);
  on.acknowledge(ids);
  remove(on, "events", ids[1]);
  value_of(on.session().repair_ledger("anna", "lost"));
  on.grow_old();
  CHECK(on.round(prunable::events).events == 2);
  CHECK(on.verify().sums.written_off == 3);
}

TEST_CASE("entries whose events all left become one", "[conformance]") {
  old_bench on(EACH_STORE);
  // So many that each entry stays alone when it is folded.
  for (int i = 0; i < 3; ++i) {
    auto ids = on.accept_some(500);
    on.move_all();
    on.acknowledge(ids);
  }
  auto entries = [&] { return on.count("ledger WHERE kind = 'accepted'"); };
  auto fold = [&] {
    on.clock().advance(2h);
    while (value_of(on.session().compact_ledger({.older_than = 1h})).has_more)
      continue;
  };
  fold();
  CHECK(entries() == 3);
  on.grow_old();
  std::string after;
  do
    after = on.step(prunable::events, 500, after).next;
  while (!after.empty());
  fold();
  CHECK(entries() == 1);
  CHECK(on.in_ledger("accepted") == 1500);
  CHECK(on.verify().is_balanced());
}
