#include <cstdlib>
#include <random>

#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

/// Random calls, in any order, with any arguments that make sense, and now
/// and then an operator's UPDATE; the equation has to hold after each.
class random_life {
public:
  random_life(bench &on, unsigned seed) : on_(on), random_(seed) {
    owners_ = {on.owner(), on.add_tenant("B").id(), on.add_tenant("C").id()};
  }

  void step() {
    on_.clock().advance(std::chrono::seconds(below(90)));
    switch (below(14)) {
    case 0:
    case 1:
    case 2:
      return accept();
    case 3:
    case 4:
      return claim();
    case 5:
      return move();
    case 6:
      return fail();
    case 7:
      return give_back();
    case 8:
    case 9:
      return disturb();
    case 10:
      return turn();
    case 11:
    case 12:
      return fold();
    default:
      return order();
    }
  }

  void check() {
    for (auto owner : owners_) {
      auto of = " organization_id = '" + owner.to_string() + "'";
      auto in_ledger = [&](const std::string &kind) {
        return on_.store().count(
            "SELECT coalesce(sum(count), 0) FROM ledger WHERE kind = '" + kind +
            "' AND" + of);
      };
      auto waiting = on_.count("event_queue WHERE" + of);
      auto stored = on_.count("events WHERE" + of);
      auto discarded = on_.count("discarded WHERE" + of);
      auto created = in_ledger("created");
      REQUIRE(in_ledger("stored") + created == stored);
      REQUIRE(in_ledger("accepted") + created == stored + waiting + discarded);
      REQUIRE(on_.count("event_deliveries WHERE" + of) == stored);
    }
    REQUIRE(on_.count("events e JOIN event_queue q ON q.id = e.id") == 0);
    REQUIRE(on_.count("events") ==
            on_.store().count("SELECT count(DISTINCT id) FROM events"));
    auto report = value_of(on_.session().verify(10, 10s));
    REQUIRE(report.fault_count == 0);
    REQUIRE(report.is_balanced());
  }

private:
  int below(int limit) {
    return std::uniform_int_distribution<>(0, limit - 1)(random_);
  }

  void accept() {
    std::vector<db::new_event> events;
    for (int i = below(12) + 1; i > 0; --i) {
      event_recipe recipe;
      recipe.payload = "{\"n\":" + std::to_string(below(3)) + "}";
      if (below(3) == 0)
        recipe.dedup_id = "d" + std::to_string(below(20));
      else if (below(4) == 0)
        recipe.request_key = "r" + std::to_string(below(20));
      events.push_back(
          make_event(owners_[static_cast<std::size_t>(below(3))], recipe));
    }
    auto answer = on_.session().accept(events, 5min);
    bool is_closed = !answer && answer.error().code == db::errc::closed;
    REQUIRE((answer || is_closed));
  }

  void claim() {
    auto taken = on_.claim(below(15) + 1);
    if (!taken.items.empty())
      claims_.push_back(taken);
  }

  /// A claim that was made at some time, and a random part of its items. It
  /// is kept now and then, so that it is used again when it is stale.
  std::pair<db::claim_id, std::vector<db::event_id>> some_claim() {
    if (claims_.empty())
      return {db::claim_id::generate(), {}};
    auto at = static_cast<std::size_t>(below(static_cast<int>(claims_.size())));
    auto taken = claims_[at];
    if (below(3) != 0)
      claims_.erase(claims_.begin() + static_cast<std::ptrdiff_t>(at));
    std::vector<db::event_id> ids;
    for (const auto &item : taken.items)
      if (below(5) != 0)
        ids.push_back(item.id);
    return {taken.id, ids};
  }

  void move() {
    auto [fence, ids] = some_claim();
    auto outcome = value_of(on_.session().move_each(fence, ids));
    REQUIRE(outcome.moved + outcome.lost == static_cast<int>(ids.size()));
  }

  void fail() {
    auto [fence, ids] = some_claim();
    std::vector<db::failure> failures;
    for (auto id : ids)
      failures.push_back(
          {id, "random",
           below(4) == 0
               ? std::nullopt
               : std::optional(std::chrono::milliseconds(below(100'000)))});
    auto outcome = value_of(on_.session().fail_items(fence, failures));
    REQUIRE(outcome.retried + outcome.quarantined + outcome.lost ==
            static_cast<int>(ids.size()));
  }

  void give_back() {
    auto [fence, ids] = some_claim();
    value_of(on_.session().release(fence, ids));
  }

  /// Another position of the dials; a drain is finished when it can be.
  void turn() {
    if (auto made = value_of(on_.session().finish_drain()))
      REQUIRE(made->is_balanced());
    using enum db::processing_mode;
    constexpr db::processing_mode modes[] = {running, draining, draining,
                                             paused};
    db::gate_change change{.actor = "random", .reason = "random"};
    change.ingest = static_cast<db::ingest_mode>(below(3));
    change.processing = modes[below(4)];
    REQUIRE(value_of(on_.session().change_gate(change)));
  }

  /// An operator's hand on some items, wherever they are.
  void order() {
    auto [fence, ids] = some_claim();
    if (below(2) == 0)
      value_of(on_.session().requeue({ids, "random", "random"}));
    else
      value_of(on_.session().discard({ids, "random", "random"}));
  }

  /// A slice of the ledger; how much of it is old and worth it differs.
  void fold() {
    auto before = on_.verify();
    auto slice = value_of(on_.session().compact_ledger(
        {.older_than = std::chrono::seconds(below(600)),
         .limit = below(40) + 1,
         .at_least = below(5)}));
    REQUIRE(slice.made <= slice.folded);
    REQUIRE(on_.verify().position == before.position);
  }

  void disturb() {
    switch (below(4)) {
    case 0:
      on_.store().execute("UPDATE event_queue SET status = 'pending' WHERE "
                          "status = 'processing'");
      return;
    case 1:
      value_of(on_.session().rescue(
          {.stuck = {.stuck_after = 2min, .node_dead_after = 10min},
           .max_attempts = 4}));
      return;
    case 2:
      value_of(on_.session().enlist(on_.node()));
      return;
    default:
      value_of(on_.session().retire(on_.node().id));
    }
  }

  bench &on_;
  std::mt19937 random_;
  std::vector<db::organization_id> owners_;
  std::vector<db::claim> claims_;
};

unsigned seed_of_this_run() {
  if (const char *given = std::getenv("SLUICE_TEST_SEED"))
    return static_cast<unsigned>(std::strtoul(given, nullptr, 10));
  return std::random_device()();
}

} // namespace

TEST_CASE("accepted = stored + waiting + discarded for each organization, "
          "whatever happens",
          "[conformance]") {
  auto seed = seed_of_this_run();
  INFO("repeat with SLUICE_TEST_SEED=" << seed);
  bench on(EACH_STORE);
  random_life life(on, seed);
  for (int i = 0; i < 200; ++i) {
    life.step();
    if (i % 10 == 0)
      life.check();
  }
  life.check();
}

TEST_CASE("the ledger has one row for each organization and call",
          "[conformance]") {
  bench on(EACH_STORE);
  auto other = on.add_tenant("Other");
  auto events = make_events(on.owner(), 4);
  events.push_back(make_event(other.id()));
  value_of(on.session().accept(events, 24h));
  CHECK(on.count("ledger WHERE kind = 'accepted'") == 2);
  on.clock().advance(1s);
  on.move_all();
  CHECK(on.count("ledger WHERE kind = 'stored'") == 2);
  CHECK(on.count("ledger WHERE kind = 'stored' AND count = 4 AND at = " +
                 on.store().literal(on.clock().now()) +
                 " AND organization_id = '" + on.owner().to_string() + "'") ==
        1);
  CHECK(on.count("ledger") == 4);
}
