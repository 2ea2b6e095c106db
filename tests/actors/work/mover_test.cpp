#include "actors/work/mover.hpp"

#include <catch2/catch.hpp>

#include "tests/actors/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;
using moment = planned_fault::moment;

namespace {

struct mover_fixture : faulty_fixture {
  mover_fixture()
      : session(source, db::purpose::work),
        mover(session, counts, {.max_attempts = 5, .first_wait = 1s}) {}

  actors::store_session session;
  actors::mover mover;
};

constexpr char pending[] =
    "SELECT count(*) FROM event_queue WHERE status = 'pending'";

/// Makes the log refuse an event of this id, as it refuses a second copy.
void forbid(store_under_test &store, const db::new_event &event) {
  store.execute("INSERT INTO events (id, organization_id, type, payload, "
                "inserted_at, accepted_at) VALUES ('" +
                event.id.to_string() + "', '" + event.organization.to_string() +
                "', 'x', '{}', 0, 0)");
}

} // namespace

TEST_CASE_METHOD(mover_fixture, "a claim goes into the log in one call") {
  mover.take(claimed(make_events(owner.id(), 20)));
  CHECK(mover.advance());
  CHECK(count(stored) == 20);
  CHECK(plan().calls("move") == 1);
  CHECK(counts.stored == 20);
}

TEST_CASE_METHOD(mover_fixture,
                 "a bad item costs itself and goes back with the reason") {
  auto events = make_events(owner.id(), 20);
  forbid(*store, events[7]);
  mover.take(claimed(events));
  CHECK(mover.advance());
  CHECK(count(stored) == 20); // 19 and the one that was there
  CHECK(count(pending) == 1);
  CHECK(count("SELECT attempts FROM event_queue") == 1);
  CHECK(count("SELECT count(*) FROM event_queue WHERE last_error <> ''") == 1);
  CHECK(mover.earliest_retry() == 1000ms);
}

TEST_CASE_METHOD(mover_fixture, "the age of what is stored is noted") {
  const auto noted = [](const actors::histogram &which) {
    const auto view = which.view();
    auto sum = view.beyond;
    for (const auto &one : view.buckets)
      sum += one.count;
    return sum;
  };
  mover.take(claimed(make_events(owner.id(), 3)));
  CHECK(mover.advance());
  CHECK(noted(counts.queue_age) == 3);
  CHECK(noted(counts.move_time) == 1);
  auto events = make_events(owner.id(), 5);
  forbid(*store, events[2]);
  mover.take(claimed(events));
  CHECK(mover.advance());
  CHECK(noted(counts.queue_age) == 7);
  auto claim = claimed(make_events(owner.id(), 4));
  store->execute("UPDATE event_queue SET claim_id = 'gone' WHERE id = '" +
                 claim.items[0].id.to_string() + "'");
  mover.take(claim);
  CHECK(mover.advance());
  CHECK(noted(counts.queue_age) == 7);
  CHECK(counts.lost_claims == 1);
}

TEST_CASE_METHOD(mover_fixture,
                 "the last attempt of a bad item leads to quarantine") {
  auto events = make_events(owner.id(), 3);
  forbid(*store, events[1]);
  auto claim = claimed(events);
  claim.items[1].attempts = 4;
  mover.take(claim);
  CHECK(mover.advance());
  CHECK(count("SELECT count(*) FROM event_queue WHERE status = "
              "'quarantined'") == 1);
  CHECK_FALSE(mover.earliest_retry());
  CHECK(counts.quarantined == 1);
}

TEST_CASE_METHOD(mover_fixture,
                 "items that failed before are not moved with the others") {
  auto events = make_events(owner.id(), 10);
  forbid(*store, events[5]);
  auto claim = claimed(events);
  claim.items[2].attempts = 1;
  claim.items[5].attempts = 3;
  mover.take(claim);
  CHECK(mover.advance());
  CHECK(plan().calls("move_each") == 1);
  CHECK(plan().calls("fail_items") == 1);
  CHECK(plan().calls("move") == 1);
  CHECK(count(stored) == 10); // nine and the one that was there
  CHECK(counts.stored == 9);
  CHECK(counts.lost_claims == 0);
}

TEST_CASE_METHOD(
    mover_fixture,
    "a claim of items that all failed before is moved one by one") {
  auto claim = claimed(make_events(owner.id(), 4));
  for (auto &item : claim.items)
    item.attempts = 1;
  mover.take(claim);
  CHECK(mover.advance());
  CHECK(plan().calls("move") == 0);
  CHECK(plan().calls("move_each") == 1);
  CHECK(count(stored) == 4);
}

TEST_CASE_METHOD(mover_fixture,
                 "after a refusal the next claim is moved one by one, once") {
  auto events = make_events(owner.id(), 3);
  forbid(*store, events[1]);
  mover.take(claimed(events));
  CHECK(mover.advance());
  for (auto moves_together : {1, 2}) {
    store->execute("DELETE FROM event_queue");
    mover.take(claimed(make_events(owner.id(), 5)));
    CHECK(mover.advance());
    CHECK(plan().calls("move_each") == 2);
    CHECK(plan().calls("move") == moves_together);
  }
  CHECK(counts.stored == 12);
}

TEST_CASE_METHOD(mover_fixture,
                 "each item is tried once, whether it failed before or not") {
  auto events = make_events(owner.id(), 10);
  forbid(*store, events[1]);
  forbid(*store, events[5]);
  auto claim = claimed(events);
  claim.items[5].attempts = 1;
  mover.take(claim);
  CHECK(mover.advance());
  CHECK(plan().calls("move_each") == 2);
  CHECK(count(stored) == 10); // eight and the two that were there
  CHECK(count("SELECT count(*) FROM event_queue WHERE attempts = 1") == 2);
  CHECK(counts.retried == 2);
}

TEST_CASE_METHOD(mover_fixture,
                 "however many items are bad, the claim takes three calls") {
  auto events = make_events(owner.id(), 40);
  for (std::size_t at = 0; at < events.size(); at += 4)
    forbid(*store, events[at]);
  mover.take(claimed(events));
  CHECK(mover.advance());
  CHECK(plan().calls("move") == 1);
  CHECK(plan().calls("move_each") == 1);
  CHECK(plan().calls("fail_items") == 1);
  CHECK(counts.stored == 30);
  CHECK(counts.retried == 10);
}

TEST_CASE_METHOD(
    mover_fixture,
    "items that spoil the whole transaction cost only themselves") {
  auto events = make_events(owner.id(), 40);
  for (auto at : {0U, 7U, 8U, 39U})
    events[at].type = "spoilt";
  const auto is_interrupted = GENERATE(false, true);
  store->execute("CREATE TRIGGER spoil BEFORE INSERT ON events WHEN NEW.type = "
                 "'spoilt' BEGIN SELECT RAISE(ROLLBACK, 'all gone'); END");
  mover.take(claimed(events));
  if (is_interrupted)
    for (int nth : {2, 5, 9})
      plan().add(
          {.method = "move_each", .call = nth, .code = db::errc::unavailable});
  CHECK(eventually([&] { return mover.advance(); }));
  CHECK(plan().faults() == (is_interrupted ? 3 : 0));
  CHECK(count(stored) == 36);
  CHECK(count("SELECT count(*) FROM event_queue WHERE type = 'spoilt' AND "
              "attempts = 1 AND status = 'pending'") == 4);
  CHECK(counts.stored == 36);
  CHECK(counts.retried == 4);
  CHECK(counts.lost_claims == 0);
}

TEST_CASE_METHOD(mover_fixture, "a claim is left after any call of the store") {
  auto events = make_events(owner.id(), 20);
  forbid(*store, events[3]);
  mover.take(claimed(events));
  const auto calls = [&] {
    return plan().calls("move") + plan().calls("move_each") +
           plan().calls("fail_items");
  };
  for (int call = 1; call <= 3; ++call) {
    CHECK(mover.advance(0ms) == (call == 3));
    CHECK(calls() == call);
  }
  CHECK(counts.stored == 19);
  CHECK(counts.retried == 1);
}

TEST_CASE_METHOD(mover_fixture,
                 "a store that is away between the steps is waited for") {
  auto events = make_events(owner.id(), 6);
  forbid(*store, events[3]);
  mover.take(claimed(events));
  plan().add({.method = "move_each", .code = db::errc::unavailable});
  plan().add({.method = "fail_items", .code = db::errc::unavailable});
  CHECK_FALSE(mover.advance());
  CHECK(eventually([&] { return mover.advance(); }));
  CHECK(count(stored) == 6); // five and the one that was there
  CHECK(count("SELECT attempts FROM event_queue") == 1);
}

TEST_CASE_METHOD(mover_fixture,
                 "what the store will not even count as failed is left") {
  auto events = make_events(owner.id(), 6);
  forbid(*store, events[3]);
  mover.take(claimed(events));
  plan().add({.method = "fail_items", .code = db::errc::rejected});
  CHECK(mover.advance());
  CHECK(count(stored) == 6); // five and the one that was there
  CHECK(count("SELECT count(*) FROM event_queue WHERE status = "
              "'processing'") == 1);
}

TEST_CASE_METHOD(
    mover_fixture,
    "a store that is away is waited for, and nothing counts as failed") {
  mover.take(claimed(make_events(owner.id(), 5)));
  plan().add({.method = "move", .code = db::errc::unavailable});
  CHECK_FALSE(mover.advance());
  CHECK(eventually([&] { return mover.advance(); }));
  CHECK(count(stored) == 5);
  CHECK(counts.retried == 0);
}

TEST_CASE_METHOD(mover_fixture,
                 "a move whose answer was lost is not made twice") {
  mover.take(claimed(make_events(owner.id(), 5)));
  plan().add({.method = "move",
              .when = moment::after_effect,
              .code = db::errc::in_doubt});
  CHECK_FALSE(mover.advance());
  CHECK(eventually([&] { return mover.advance(); }));
  CHECK(count(stored) == 5);
  CHECK(count("SELECT count(*) FROM event_deliveries") == 5);
}

TEST_CASE_METHOD(mover_fixture,
                 "items that an operator took away are left alone") {
  mover.take(claimed(make_events(owner.id(), 5)));
  store->execute("UPDATE event_queue SET status = 'pending'");
  CHECK(mover.advance());
  CHECK(count(stored) == 0);
  CHECK(counts.lost_claims == 5);
}

TEST_CASE_METHOD(
    mover_fixture,
    "the claim of a dead worker counts one attempt and goes back") {
  auto claim = claimed(make_events(owner.id(), 5));
  CHECK(mover.abandon(claim, "crashed"));
  CHECK(count(pending) == 5);
  CHECK(count("SELECT sum(attempts) FROM event_queue") == 5);
}
