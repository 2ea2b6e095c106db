#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

class log_bench : public bench {
public:
  using bench::bench;

  db::log_query log_query(int limit = 100) const {
    db::log_query made;
    made.organization = owner();
    made.limit = limit;
    return made;
  }
  db::log_page read(const db::log_query &query) {
    wait_for_order();
    return value_of(session().read_log(query));
  }
  /// PostgreSQL shows what is stored once no older transaction runs, in any
  /// database of the server: those of other tests count.
  void wait_for_order() {
    if (store().name() != "postgres")
      return;
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (store().count("SELECT count(*) FROM events WHERE position >= "
                         "pg_snapshot_xmin(pg_current_snapshot())") > 0) {
      REQUIRE(std::chrono::steady_clock::now() < limit);
      std::this_thread::sleep_for(1ms);
    }
  }
  std::vector<db::event_id> store_one(const std::string &type) {
    auto event = make_event(owner(), {});
    event.type = type;
    accept(event);
    move_all();
    return {event.id};
  }
};

std::vector<db::event_id> ids_of(const db::log_page &page) {
  std::vector<db::event_id> ids;
  for (const auto &one : page.events)
    ids.push_back(one.id);
  return ids;
}

} // namespace

TEST_CASE("the log is read in pages, each event once, and on from its end",
          "[conformance]") {
  log_bench on(EACH_STORE);
  std::vector<db::event_id> stored;
  for (int round = 0; round < 5; ++round) {
    if (round == 3)
      on.turn(db::ingest_mode::sync);
    auto some = on.accept_some(5);
    on.move_all();
    stored.insert(stored.end(), some.begin(), some.end());
  }
  auto query = on.log_query(7);
  std::vector<db::event_id> found;
  for (;;) {
    auto page = on.read(query);
    CHECK(page.events.size() <= 7);
    auto ids = ids_of(page);
    found.insert(found.end(), ids.begin(), ids.end());
    query.from = page.reached;
    if (!page.has_more)
      break;
  }
  // Of one transaction's any order will do.
  std::set<db::event_id> once(found.begin(), found.end());
  CHECK(found.size() == stored.size());
  CHECK(once == std::set<db::event_id>(stored.begin(), stored.end()));
  CHECK(std::is_sorted(found.begin(), found.end(), [&](auto a, auto b) {
    auto round = [&](auto id) {
      return (std::find(stored.begin(), stored.end(), id) - stored.begin()) / 5;
    };
    return round(a) < round(b);
  }));
  CHECK(on.read(query).events.empty());
  auto last = on.accept_some(1);
  on.move_all();
  CHECK(ids_of(on.read(query)) == last);
}

TEST_CASE("a page of the log shows events as they were stored",
          "[conformance]") {
  log_bench on(EACH_STORE);
  auto accepted_at = on.clock().now();
  auto event =
      make_event(on.owner(), {.payload = "{\"a\": 1}", .dedup_id = "k"});
  on.accept(event);
  on.clock().advance(3s);
  on.move_all();
  for (bool newest_first : {false, true}) {
    auto query = on.log_query();
    query.newest_first = newest_first;
    auto page = on.read(query);
    REQUIRE(page.events.size() == 1);
    const auto &one = page.events[0];
    CHECK(one.id == event.id);
    CHECK(one.type == event.type);
    CHECK(one.payload == event.payload);
    CHECK(one.dedup_id == "k");
    CHECK(one.accepted_at == accepted_at);
    CHECK(one.stored_at == on.clock().now());
    CHECK_FALSE(page.has_more);
  }
}

TEST_CASE("the newest events of the log come first when they are asked for",
          "[conformance]") {
  log_bench on(EACH_STORE);
  std::vector<db::event_id> stored;
  for (int round = 0; round < 6; ++round) {
    auto one = on.accept_some(1);
    on.move_all();
    stored.insert(stored.begin(), one[0]);
  }
  auto query = on.log_query(4);
  query.newest_first = true;
  auto page = on.read(query);
  CHECK(ids_of(page) == std::vector(stored.begin(), stored.begin() + 4));
  CHECK(page.has_more);
  // What comes meanwhile does not disturb.
  on.accept_some(3);
  on.move_all();
  query.from = page.reached;
  page = on.read(query);
  CHECK(ids_of(page) == std::vector(stored.begin() + 4, stored.end()));
  CHECK_FALSE(page.has_more);
}

TEST_CASE("the log is searched by type and by time", "[conformance]") {
  log_bench on(EACH_STORE);
  auto placed = on.store_one("order.placed");
  on.clock().advance(1h);
  auto since = on.clock().now();
  auto paid = on.store_one("order.paid");
  auto other = on.store_one("orders");
  auto both = GENERATE(false, true);
  auto ask = [&](std::optional<std::string> type,
                 std::optional<db::timestamp> from) {
    auto query = on.log_query();
    query.newest_first = both;
    query.type = std::move(type);
    query.since = from;
    auto ids = ids_of(on.read(query));
    std::sort(ids.begin(), ids.end());
    return ids;
  };
  CHECK(ask("order.paid", {}) == paid);
  CHECK(ask("order", {}).empty());
  CHECK(ask("order.*", {}) == std::vector{placed[0], paid[0]});
  CHECK(ask({}, since) == std::vector{paid[0], other[0]});
  CHECK(ask("order.*", since) == paid);
}

TEST_CASE("a page that looks in vain says where to go on", "[conformance]") {
  log_bench on(EACH_STORE);
  for (int round = 0; round < 3; ++round)
    on.accept_some(500);
  on.move_all();
  auto wanted = on.store_one("rare");
  auto query = on.log_query(10);
  query.type = "rare";
  auto page = on.read(query);
  CHECK(page.events.empty());
  CHECK(page.has_more);
  query.from = page.reached;
  page = on.read(query);
  CHECK(ids_of(page) == wanted);
  CHECK_FALSE(page.has_more);
}

TEST_CASE("the end of the log can be had without reading it", "[conformance]") {
  log_bench on(EACH_STORE);
  on.accept_some(5);
  on.move_all();
  auto query = on.log_query(0);
  query.from = on.read(query).reached;
  query.limit = 10;
  CHECK(on.read(query).events.empty());
  auto ids = on.accept_some(2);
  on.move_all();
  CHECK(on.read(query).events.size() == 2);
}

TEST_CASE("events from before there were positions come first",
          "[conformance]") {
  log_bench on(EACH_STORE);
  auto old = on.accept_some(25);
  on.move_all();
  on.store().execute("UPDATE events SET position = '0'");
  auto fresh = on.accept_some(1);
  on.move_all();
  auto query = on.log_query(7);
  std::vector<db::event_id> found;
  for (bool has_more = true; has_more;) {
    auto page = on.read(query);
    auto ids = ids_of(page);
    found.insert(found.end(), ids.begin(), ids.end());
    query.from = page.reached;
    has_more = page.has_more;
  }
  old.push_back(fresh[0]);
  CHECK(found == old);
  query = on.log_query(26);
  query.newest_first = true;
  found = ids_of(on.read(query));
  std::reverse(found.begin(), found.end());
  CHECK(found == old);
}

TEST_CASE("a log is its organization's own", "[conformance]") {
  log_bench on(EACH_STORE);
  on.accept_some(3);
  on.move_all();
  auto query = on.log_query();
  query.organization = on.add_tenant("other").id();
  CHECK(on.read(query).events.empty());
  query.newest_first = true;
  CHECK(on.read(query).events.empty());
}

TEST_CASE("events that come after the newest ones were removed are not missed",
          "[conformance]") {
  log_bench on(EACH_STORE);
  on.accept_some(5);
  on.move_all();
  auto query = on.log_query();
  query.from = on.read(query).reached;
  on.store().execute("DELETE FROM events");
  auto ids = on.accept_some(3);
  on.move_all();
  CHECK(on.read(query).events.size() == ids.size());
}

TEST_CASE("who reads the log while others write misses nothing",
          "[conformance]") {
  log_bench on(EACH_STORE);
  constexpr int writers = 3;
  constexpr int rounds = 40;
  on.turn(db::ingest_mode::sync);
  std::atomic<int> running{writers};
  auto write = [&] {
    auto session = on.store().connect();
    for (int round = 0; round < rounds; ++round) {
      auto events = make_events(on.owner(), 1 + round % 7);
      value_of(session->accept(events, 24h));
    }
    --running;
  };
  std::vector<std::jthread> threads;
  for (int at = 0; at < writers; ++at)
    threads.emplace_back(write);
  auto reader = on.store().connect();
  auto query = on.log_query(50);
  std::set<db::event_id> found;
  std::size_t seen = 0;
  for (bool is_last = false;;) {
    auto page = value_of(reader->read_log(query));
    query.from = page.reached;
    seen += page.events.size();
    for (const auto &one : page.events)
      found.insert(one.id);
    if (page.has_more)
      continue;
    if (is_last)
      break;
    is_last = running == 0;
    if (is_last)
      on.wait_for_order();
  }
  threads.clear();
  CHECK(found.size() == seen);
  CHECK(static_cast<long>(seen) == on.count("events"));
}
