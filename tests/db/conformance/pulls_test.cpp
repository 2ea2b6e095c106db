#include <map>
#include <mutex>
#include <thread>

#include "tests/db/conformance/webhook_bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

using pull_kind = db::pull_order::kind;
using pull_what = db::pull_outcome;

/// A bench with receivers who fetch.
class pull_bench : public webhook_bench {
public:
  using webhook_bench::webhook_bench;

  struct pull {
    db::claim_id fence;
    db::pull_claim got;

    std::vector<db::event_id> ids() const {
      std::vector<db::event_id> out;
      for (const auto &one : got.events)
        out.push_back(one.id);
      return out;
    }
  };

  pull fetch(int limit = 100, std::optional<db::endpoint_id> from = {},
             std::chrono::milliseconds lease = 30s) {
    const auto fence = db::claim_id::generate();
    return {fence, value_of(session().claim_pulls({.organization = owner(),
                                                   .fence = fence,
                                                   .endpoint = from,
                                                   .limit = limit,
                                                   .lease = lease}))};
  }

  std::vector<db::pulled_event> change(const pull &of, pull_kind what,
                                       std::vector<db::event_id> ids = {},
                                       std::chrono::milliseconds lease = 30s) {
    auto answer = value_of(session().change_pulls({.organization = owner(),
                                                   .fence = of.fence,
                                                   .what = what,
                                                   .ids = std::move(ids),
                                                   .lease = lease}));
    lease_until = answer.lease_until;
    return answer.events;
  }

  db::delivery_status inbox_status(db::event_id id) {
    for (const auto &entry : inbox())
      if (entry.id == id)
        return entry.status;
    return db::delivery_status::skipped;
  }

  db::endpoint turn_to(const db::endpoint &which, db::endpoint_mode mode) {
    auto found = value_of(session().find_endpoint(owner(), which.id));
    REQUIRE(found);
    found->mode = mode;
    REQUIRE(value_of(session().save_endpoint(*found)));
    return *value_of(session().find_endpoint(owner(), which.id));
  }

  int rescue() {
    return value_of(session().rescue_deliveries({.node_dead_after = 60s}));
  }

  db::timestamp lease_until{};
};

std::vector<db::pulled_event> all(const std::vector<db::event_id> &ids,
                                  pull_what what) {
  std::vector<db::pulled_event> out;
  for (auto id : ids)
    out.push_back({id, what});
  return out;
}

} // namespace

TEST_CASE("pullers of one inbox get its events oldest first, each once",
          "[conformance]") {
  pull_bench on(EACH_STORE);
  auto event =
      make_event(on.owner(), {.payload = "{\"a\": 1}", .dedup_id = "k"});
  auto accepted_at = on.clock().now();
  on.accept(event);
  on.clock().advance(2s);
  auto ids = on.store_some(9);
  ids.insert(ids.begin(), event.id);
  on.clock().advance(1s);
  auto one = on.fetch(4);
  auto two = on.fetch(4);
  auto three = on.fetch(4);
  CHECK(one.ids() == std::vector(ids.begin(), ids.begin() + 4));
  CHECK(two.ids() == std::vector(ids.begin() + 4, ids.begin() + 8));
  CHECK(three.ids() == std::vector(ids.begin() + 8, ids.end()));
  CHECK(on.fetch().ids().empty());
  CHECK(one.got.what == db::pull_claim::kind::taken);
  CHECK(one.got.claimed_at == on.clock().now());
  CHECK(one.got.lease_until == on.clock().now() + 30s);
  const auto &first = one.got.events[0];
  CHECK(first.type == event.type);
  CHECK(first.payload == event.payload);
  CHECK(first.dedup_id == "k");
  CHECK(first.accepted_at == accepted_at);
  CHECK(first.stored_at == on.clock().now() - 1s);
  CHECK(first.attempts == 1);
  CHECK(first.status == db::delivery_status::sending);
  CHECK(on.inbox_status(ids[0]) == db::delivery_status::sending);
  auto waiting = on.query();
  waiting.status = db::delivery_status::pending;
  CHECK(on.inbox(waiting).empty());
}

TEST_CASE("a lease that ran out is handed on, and no sooner", "[conformance]") {
  pull_bench on(EACH_STORE);
  auto ids = on.store_some(3);
  auto first = on.fetch(2, {}, 10s);
  on.clock().advance(9'999ms);
  CHECK(on.fetch().ids() == std::vector{ids[2]});
  on.clock().advance(1ms);
  auto next = on.fetch(10, {}, 10s);
  CHECK(next.ids() == std::vector{ids[0], ids[1]});
  CHECK(next.got.events[0].attempts == 2);
  for (auto what :
       {pull_kind::acknowledge, pull_kind::release, pull_kind::extend}) {
    CHECK(on.change(first, what, {ids[0], ids[1]}) ==
          all({ids[0], ids[1]}, pull_what::lost));
    CHECK(on.change(first, what).empty());
  }
  CHECK(on.change(next, pull_kind::acknowledge) ==
        all({ids[0], ids[1]}, pull_what::done));
}

TEST_CASE("what a puller acknowledges is delivered, also when it asks again",
          "[conformance]") {
  pull_bench on(EACH_STORE);
  auto ids = on.store_some(3);
  auto taken = on.fetch(2);
  auto unknown = db::event_id::generate();
  CHECK(on.change(taken, pull_kind::acknowledge,
                  {ids[1], unknown, ids[1], ids[2]}) ==
        std::vector<db::pulled_event>{{ids[1], pull_what::done},
                                      {unknown, pull_what::not_found},
                                      {ids[1], pull_what::already},
                                      {ids[2], pull_what::lost}});
  CHECK(on.inbox_status(ids[1]) == db::delivery_status::delivered);
  CHECK(on.inbox_status(ids[2]) == db::delivery_status::pending);
  CHECK(on.change(taken, pull_kind::acknowledge) ==
        all({ids[0]}, pull_what::done));
  CHECK(on.change(taken, pull_kind::acknowledge, ids) ==
        std::vector<db::pulled_event>{{ids[0], pull_what::already},
                                      {ids[1], pull_what::already},
                                      {ids[2], pull_what::lost}});
  on.clock().advance(1h);
  CHECK(on.fetch().ids() == std::vector{ids[2]});
}

TEST_CASE("whose lease ran out may still acknowledge what nobody else has",
          "[conformance]") {
  pull_bench on(EACH_STORE);
  auto ids = on.store_some(2);
  auto taken = on.fetch(10, {}, 10s);
  on.clock().advance(10s);
  CHECK(on.change(taken, pull_kind::extend, ids) == all(ids, pull_what::lost));
  CHECK(on.change(taken, pull_kind::acknowledge, {ids[0]}) ==
        all({ids[0]}, pull_what::done));
  CHECK(on.fetch().ids() == std::vector{ids[1]});
}

TEST_CASE("what is released can be had at once", "[conformance]") {
  pull_bench on(EACH_STORE);
  auto ids = on.store_some(3);
  auto taken = on.fetch();
  CHECK(on.change(taken, pull_kind::release, {ids[1], ids[1]}) ==
        std::vector<db::pulled_event>{{ids[1], pull_what::done},
                                      {ids[1], pull_what::lost}});
  CHECK(on.inbox_status(ids[1]) == db::delivery_status::pending);
  CHECK(on.fetch().ids() == std::vector{ids[1]});
  CHECK(on.change(taken, pull_kind::release) ==
        all({ids[0], ids[2]}, pull_what::done));
  CHECK(on.fetch().ids() == std::vector{ids[0], ids[2]});
}

TEST_CASE("a lease that is extended lasts from then on", "[conformance]") {
  pull_bench on(EACH_STORE);
  auto ids = on.store_some(2);
  auto taken = on.fetch(10, {}, 10s);
  on.clock().advance(9s);
  CHECK(on.change(taken, pull_kind::extend, {ids[0], ids[0]}, 20s) ==
        all({ids[0], ids[0]}, pull_what::done));
  CHECK(on.lease_until == on.clock().now() + 20s);
  on.clock().advance(19s);
  CHECK(on.fetch().ids() == std::vector{ids[1]});
  on.clock().advance(1s);
  CHECK(on.fetch().ids() == std::vector{ids[0]});
}

TEST_CASE("an inbox that is fetched from is acknowledged by id as before",
          "[conformance]") {
  pull_bench on(EACH_STORE);
  auto ids = on.store_some(2);
  auto taken = on.fetch(1);
  CHECK(value_of(on.session().acknowledge(on.owner(), ids)) ==
        std::vector(2, db::ack_outcome::acknowledged));
  CHECK(on.change(taken, pull_kind::acknowledge, {ids[0]}) ==
        all({ids[0]}, pull_what::already));
  CHECK(on.change(taken, pull_kind::release, {ids[0]}) ==
        all({ids[0]}, pull_what::lost));
  on.clock().advance(1h);
  CHECK(on.fetch().ids().empty());
}

TEST_CASE("an organization's leases are its own", "[conformance]") {
  pull_bench on(EACH_STORE);
  auto ids = on.store_some(1);
  auto other = on.add_tenant("other");
  auto fence = db::claim_id::generate();
  auto claim = [&](std::optional<db::endpoint_id> from) {
    return value_of(on.session().claim_pulls({.organization = other.id(),
                                              .fence = fence,
                                              .endpoint = from,
                                              .limit = 10,
                                              .lease = 1s}));
  };
  CHECK(claim({}).events.empty());
  auto foreign = on.turn_to(on.add(), db::endpoint_mode::pull);
  CHECK(claim(foreign.id).what == db::pull_claim::kind::no_endpoint);
  auto taken = on.fetch();
  CHECK(value_of(on.session().change_pulls({.organization = other.id(),
                                            .fence = taken.fence,
                                            .what = pull_kind::acknowledge,
                                            .ids = ids}))
            .events == all(ids, pull_what::not_found));
  CHECK(on.change(taken, pull_kind::acknowledge) == all(ids, pull_what::done));
}

TEST_CASE("leases outlive the service, and the end of nodes", "[conformance]") {
  pull_bench on(EACH_STORE);
  auto ids = on.store_some(2);
  auto taken = on.fetch(1);
  on.restart();
  value_of(on.session().enlist(make_node()));
  on.clock().advance(10s);
  CHECK(on.rescue() == 0);
  CHECK(value_of(on.session().retire(on.node().id)) == 0);
  CHECK(on.fetch().ids() == std::vector{ids[1]});
  CHECK(on.change(taken, pull_kind::acknowledge) ==
        all({ids[0]}, pull_what::done));
  on.clock().advance(1h);
  CHECK(on.rescue() == 0);
  CHECK(on.count("event_deliveries WHERE next_attempt_at IS NOT NULL") == 0);
  CHECK(on.depth().sending == 0);
}

TEST_CASE("an endpoint that is pulled from is not sent to", "[conformance]") {
  pull_bench on(EACH_STORE);
  auto pushed = on.add();
  auto hook = on.add();
  auto ids = on.store_some(3);
  // One is on its way, one has failed and would wait for long.
  auto flying = on.take(hook, 1);
  auto failed = on.take(hook, 1);
  on.record(failed, result_kind::retry, 10h);
  const auto on_its_way = flying.deliveries.at(0).event;
  const auto late = failed.deliveries.at(0).event;
  std::erase_if(ids, [&](auto id) { return id == on_its_way || id == late; });
  const auto fresh = ids.at(0);
  hook = on.turn_to(hook, db::endpoint_mode::pull);
  CHECK(hook.mode == db::endpoint_mode::pull);
  CHECK(value_of(on.session().active_endpoints()).size() == 1);
  CHECK(on.take(hook).deliveries.empty());
  CHECK(on.take(pushed).deliveries.size() == 3);
  CHECK(on.fetch(10, pushed.id).got.what == db::pull_claim::kind::is_pushed);
  CHECK(on.fetch(10, db::endpoint_id::generate()).got.what ==
        db::pull_claim::kind::no_endpoint);

  auto taken = on.fetch(10, hook.id);
  CHECK(taken.ids() == std::vector{fresh, late});
  CHECK(taken.got.events[0].attempts == 0);
  CHECK(taken.got.events[1].attempts == 1);
  CHECK(on.fetch(10, hook.id).ids().empty());
  // The inbox has each of them as well.
  CHECK(on.fetch().ids().size() == 3);
  CHECK(on.change(taken, pull_kind::acknowledge, {fresh}) ==
        all({fresh}, pull_what::done));
  CHECK(on.change(taken, pull_kind::release) == all({late}, pull_what::done));
  // What was on its way comes back to whoever fetches.
  CHECK(on.record(flying, result_kind::retry).recorded == 1);
  auto rest = on.fetch(10, hook.id);
  CHECK(rest.ids() == std::vector{on_its_way, late});
  CHECK(on.change(rest, pull_kind::acknowledge) ==
        all({on_its_way, late}, pull_what::done));
  CHECK(on.standing("delivered") == 3);
}

TEST_CASE("an endpoint that is sent to again gets what still waits",
          "[conformance]") {
  pull_bench on(EACH_STORE);
  auto hook = on.turn_to(on.add(), db::endpoint_mode::pull);
  auto ids = on.store_some(4);
  auto taken = on.fetch(3, hook.id, 60s);
  REQUIRE(on.change(taken, pull_kind::acknowledge, {taken.ids()[0]}) ==
          all({taken.ids()[0]}, pull_what::done));
  hook = on.turn_to(hook, db::endpoint_mode::push);
  // What a puller holds is its own until its time is over.
  auto first = on.take(hook);
  REQUIRE(first.deliveries.size() == 1);
  on.clock().advance(59s);
  CHECK(on.rescue() == 0);
  on.clock().advance(1s);
  CHECK(on.rescue() == 2);
  CHECK(on.change(taken, pull_kind::acknowledge, taken.ids()) ==
        std::vector<db::pulled_event>{{taken.ids()[0], pull_what::already},
                                      {taken.ids()[1], pull_what::lost},
                                      {taken.ids()[2], pull_what::lost}});
  auto second = on.take(hook);
  CHECK(second.deliveries.size() == 2);
  for (const auto &one : second.deliveries)
    CHECK(one.attempts == 1);
  CHECK(on.record(first, result_kind::delivered).recorded == 1);
  CHECK(on.record(second, result_kind::delivered).recorded == 2);
  CHECK(on.standing("delivered") == 4);
}

TEST_CASE("what a puller left of a removed endpoint is skipped",
          "[conformance]") {
  pull_bench on(EACH_STORE);
  auto hook = on.turn_to(on.add(), db::endpoint_mode::pull);
  on.store_some(2);
  on.fetch(1, hook.id, 10s);
  REQUIRE(value_of(on.session().remove_endpoint(on.owner(), hook.id)));
  CHECK(on.fetch(1, hook.id).got.what == db::pull_claim::kind::no_endpoint);
  on.clock().advance(10s);
  CHECK(on.rescue() == 1);
  CHECK(value_of(on.session().skip_removed(10)) == 2);
  CHECK(on.standing("skipped") == 2);
}

TEST_CASE("a claim of an event that is gone skips it", "[conformance]") {
  pull_bench on(EACH_STORE);
  auto ids = on.store_some(2);
  on.store().execute("DELETE FROM events WHERE id = " + quoted(ids[0]));
  CHECK(on.fetch().ids() == std::vector{ids[1]});
  CHECK(on.count("event_deliveries WHERE status = 'skipped'") == 1);
}

TEST_CASE("pullers at the same time never hold the same event",
          "[conformance]") {
  pull_bench on(EACH_STORE);
  constexpr int count = 400;
  on.store_some(count);
  std::mutex mutex;
  std::map<db::event_id, int> held;
  auto pull = [&] {
    auto session = on.store().connect();
    for (;;) {
      auto got = session->claim_pulls({.organization = on.owner(),
                                       .fence = db::claim_id::generate(),
                                       .endpoint = {},
                                       .limit = 7,
                                       .lease = 60s});
      if (!got || got->events.empty())
        return;
      const std::lock_guard lock(mutex);
      for (const auto &one : got->events)
        ++held[one.id];
    }
  };
  std::vector<std::jthread> pullers;
  for (int at = 0; at < 4; ++at)
    pullers.emplace_back(pull);
  pullers.clear();
  CHECK(held.size() == count);
  for (const auto &[id, times] : held)
    CHECK(times == 1);
}
