#include <algorithm>

#include "tests/db/conformance/tampering.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

constexpr db::stuck_rule rule{.stuck_after = 5min, .node_dead_after = 30s};

db::assess_request look() {
  db::assess_request request;
  request.stuck = rule;
  request.max_attempts = 2;
  request.limit = 60s;
  return request;
}

db::assessment assess(bench &on, const db::assess_request &request = look()) {
  return value_of(on.session().assess(request));
}

db::recovery_outcome recover(bench &on,
                             const std::vector<db::doubled_item> &doubled) {
  return value_of(
      on.session().recover({.rescue = {.stuck = rule, .max_attempts = 2},
                            .doubled = doubled,
                            .actor = "anna",
                            .reason = "ticket 12"}));
}

/// Sends items back to the queue, to be tried again later.
void retry_all(bench &on, const std::string &error) {
  auto taken = on.claim();
  std::vector<db::failure> failures;
  for (auto id : ids_of(taken))
    failures.push_back({id, error, 1h});
  value_of(on.session().fail_items(taken.id, failures));
}

} // namespace

TEST_CASE("in a sound store there is no damage", "[conformance]") {
  bench on(EACH_STORE);
  auto begun = on.clock().now();
  on.accept_some(3);
  on.move_all();
  on.clock().advance(90s);
  value_of(on.session().heartbeat(on.node().id, 0));
  on.accept_some(2);
  on.claim(1);
  auto found = assess(on);
  CHECK(found.at == on.clock().now());
  CHECK(found.depth.pending == 1);
  CHECK(found.depth.processing == 1);
  CHECK(found.depth.stuck == 0);
  CHECK(found.holders.empty());
  CHECK(found.stuck.empty());
  CHECK(found.stored.last_minute == 0);
  CHECK(found.stored.last_hour == 3);
  CHECK(found.stored.newest == begun);
  CHECK(found.stored.is_exact);
  CHECK(found.retrying.items == 0);
  CHECK(found.quarantined.most.empty());
  REQUIRE(found.nodes.size() == 1);
  CHECK(found.nodes[0].silent_for == 0s);
  CHECK_FALSE(found.verdict);
  REQUIRE(found.books);
  CHECK(found.books->is_balanced());
  CHECK(found.doubled_count == 0);
}

TEST_CASE("stuck items are shown with who holds them", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(3);
  auto begun = on.clock().now();
  REQUIRE(on.claim(2).items.size() == 2);
  on.clock().advance(1min);
  auto found = assess(on);
  CHECK(found.depth.stuck == 2);
  REQUIRE(found.holders.size() == 1);
  CHECK(found.holders[0].claimed_by == on.node().id.to_string());
  CHECK(found.holders[0].name == on.node().name);
  CHECK(found.holders[0].count == 2);
  CHECK(found.holders[0].since == begun);
  REQUIRE(found.stuck.size() == 2);
  CHECK(found.stuck[0].id == ids[0]);
  CHECK(found.exhausted == 0);
  on.store().execute("UPDATE event_queue SET attempts = 1, claimed_by = NULL"
                     " WHERE id = " +
                     quoted(ids[1]));
  found = assess(on);
  CHECK(found.exhausted == 1);
  CHECK(found.holders.size() == 2);
  auto narrow = look();
  narrow.most = 1;
  CHECK(assess(on, narrow).holders.size() == 1);
  CHECK(assess(on, narrow).stuck.size() == 1);
  CHECK(assess(on, narrow).exhausted == 1);
}

TEST_CASE("errors are counted, the most frequent first", "[conformance]") {
  bench on(EACH_STORE);
  auto bad = on.quarantine_some(3);
  on.store().execute("UPDATE event_queue SET last_error = 'rare' WHERE id = " +
                     quoted(bad[0]));
  on.accept_some(2);
  retry_all(on, "later");
  auto found = assess(on);
  CHECK(found.quarantined.items == 3);
  CHECK(found.quarantined.is_exact);
  REQUIRE(found.quarantined.most.size() == 2);
  CHECK(found.quarantined.most[0].error == "bad");
  CHECK(found.quarantined.most[0].count == 2);
  CHECK(found.quarantined.most[0].newest == bad[2]);
  CHECK(found.quarantined.most[1].error == "rare");
  CHECK(found.retrying.items == 2);
  REQUIRE(found.retrying.most.size() == 1);
  CHECK(found.retrying.most[0].error == "later");
  on.clock().advance(2h);
  CHECK(assess(on).retrying.items == 0);
}

TEST_CASE("items that are in the log already are named", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(3);
  copy_into_log(on, ids[0]);
  copy_into_log(on, ids[2]);
  on.store().execute("UPDATE events SET payload = '{\"other\":1}' WHERE id = " +
                     quoted(ids[2]));
  auto found = assess(on);
  REQUIRE(found.books);
  CHECK(found.books->fault_count == 2);
  CHECK(found.doubled_count == 2);
  REQUIRE(found.doubled.size() == 2);
  CHECK(found.doubled[0].id == ids[0]);
  CHECK(found.doubled[0].organization == on.owner());
  CHECK(found.doubled[0].is_same);
  CHECK_FALSE(found.doubled[1].is_same);
  auto request = look();
  request.most_faults = 1;
  CHECK(assess(on, request).doubled_count == 2);
  CHECK(assess(on, request).doubled.size() == 1);
  request.checks_books = false;
  found = assess(on, request);
  CHECK_FALSE(found.books);
  CHECK(found.doubled_count == 2);
  request.looks_for_doubled = false;
  CHECK_FALSE(assess(on, request).doubled_count);
}

TEST_CASE("a look without the books has the last verdict", "[conformance]") {
  bench on(EACH_STORE);
  value_of(on.session().keep_verdict({.is_balanced = false,
                                      .fault_count = 7,
                                      .checked_at = on.clock().now(),
                                      .age = {}}));
  on.turn(db::processing_mode::paused);
  auto request = look();
  request.checks_books = false;
  auto found = assess(on, request);
  REQUIRE(found.verdict);
  CHECK(found.verdict->fault_count == 7);
  CHECK(found.gate.processing == db::processing_mode::paused);
}

TEST_CASE("a recovery mends what has a rule, on the record", "[conformance]") {
  bench on(EACH_STORE);
  auto bad = on.quarantine_some(1);
  auto held = on.accept_some(1);
  REQUIRE(on.claim().items.size() == 1);
  auto waiting = on.accept_some(2);
  copy_into_log(on, bad[0]);
  copy_into_log(on, waiting[0]);
  on.clock().advance(6min);
  auto found = assess(on);
  REQUIRE(found.doubled_count == 2);
  auto done = recover(on, found.doubled);
  CHECK(done.rescued == 1);
  CHECK(done.quarantined == 0);
  CHECK(done.unqueued == 2);
  CHECK(on.count("event_queue WHERE status = 'pending'") == 2);
  CHECK(on.count("event_queue WHERE id = " + quoted(held[0])) == 1);
  CHECK(on.in_ledger("undoubled") == 1);
  CHECK(on.in_ledger("undoubled_quarantined") == 1);
  CHECK(on.count("audit_log WHERE actor = 'anna' AND action = 'recover' AND"
                 " target = 'rescued=1 quarantined=0 unqueued=2' AND"
                 " reason = 'ticket 12' AND detail LIKE '%" +
                 waiting[0].to_string() + "%'") == 1);
  CHECK(on.verify().is_balanced());
  // The copy was made by hand, and in nobody's inbox.
  CHECK(on.count("event_deliveries WHERE event_id = " + quoted(waiting[0])) ==
        1);
  // Once more, with what was seen before: there is nothing left to do.
  CHECK(recover(on, found.doubled).changed() == 0);
  CHECK(on.count("audit_log") == 1);
  on.move_all();
  CHECK(on.count("events") == 4);
  CHECK(on.verify().is_balanced());
}

TEST_CASE("a recovery takes nothing that the log does not have",
          "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(4);
  for (auto at : {0, 1, 2})
    copy_into_log(on, ids[static_cast<std::size_t>(at)]);
  auto found = assess(on);
  REQUIRE(found.doubled_count == 3);
  // Meanwhile one left the log, one the queue, and one is not the same.
  remove(on, "events", ids[0]);
  remove(on, "event_queue", ids[1]);
  on.store().execute("UPDATE events SET type = 'else' WHERE id = " +
                     quoted(ids[2]));
  found.doubled.push_back({ids[3], on.owner(), {}, true});
  CHECK(recover(on, found.doubled).changed() == 0);
  CHECK(on.count("event_queue") == 3);
  CHECK(on.count("audit_log") == 0);
}

TEST_CASE("a recovery sends what failed too often to quarantine",
          "[conformance]") {
  bench on(EACH_STORE);
  on.accept_some(2);
  REQUIRE(on.claim().items.size() == 2);
  on.store().execute("UPDATE event_queue SET attempts = 1");
  on.clock().advance(6min);
  auto done = recover(on, {});
  CHECK(done.quarantined == 2);
  CHECK(done.rescued == 0);
  CHECK(on.count("event_queue WHERE status = 'quarantined'") == 2);
}

TEST_CASE("a drain's certificate bears a recovery", "[conformance]") {
  bench on(EACH_STORE);
  auto ids = on.accept_some(3);
  copy_into_log(on, ids[1]);
  auto found = assess(on);
  on.turn(db::processing_mode::draining);
  CHECK(recover(on, found.doubled).unqueued == 1);
  on.move_all();
  auto proof = value_of(on.session().finish_drain());
  REQUIRE(proof);
  CHECK(proof->waiting_before == 3);
  CHECK(proof->stored == 2);
  CHECK(proof->is_balanced());
}

TEST_CASE("an act is noted before, and what came of it after",
          "[conformance]") {
  bench on(EACH_STORE);
  auto at = value_of(on.session().note_act(
      {.actor = "an\nna", .action = "poll", .reason = "ticket 12"}));
  auto second = value_of(on.session().note_act(
      {.actor = "eve", .action = "restart", .target = "poller"}));
  CHECK(second > at);
  CHECK(on.session().note_outcome(at, "rescued=\x1b[31m3"));
  auto all = value_of(on.session().list_audit({}));
  REQUIRE(all.size() == 2);
  CHECK(all[0].position == second);
  CHECK(all[0].target == "poller");
  CHECK(all[1].position == at);
  CHECK(all[1].actor == "an na");
  CHECK(all[1].action == "poll");
  CHECK(all[1].reason == "ticket 12");
  CHECK(all[1].detail.starts_with("rescued= [31m3"));
}
