#include <future>

#include <catch2/catch.hpp>

#include "tests/actors/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

constexpr char other_node[] = "00000000-0000-7000-8000-000000000000";

/// A running service, and what another node may do to its store.
struct house_fixture : faulty_fixture {
  explicit house_fixture(const config::settings &settings = quick_settings()) {
    start(settings);
  }

  void start(const config::settings &settings) {
    service = std::make_unique<actors::runtime>(
        actors::runtime::options{.source = source,
                                 .self = make_node(),
                                 .settings = settings,
                                 .on_escalation = [] {}});
    REQUIRE(eventually([&] { return calls("rescue") > 0; }));
  }

  actors::gateway &door() { return service->door(); }
  int calls(const std::string &method) { return plan().calls(method); }

  /// Waits until the service has asked whose turn it is, twice: what it did
  /// by the first answer is done then.
  void let_it_ask() {
    auto before = calls("hold_duty");
    REQUIRE(eventually([&] { return calls("hold_duty") > before + 1; }));
  }

  /// Another node, which lives for an hour, has the duty.
  void give_away() {
    store->execute(std::string("INSERT INTO nodes (id, name, version, "
                               "started_at, heartbeat_at, gate_version) "
                               "SELECT '") +
                   other_node +
                   "', 'other', '0', started_at, heartbeat_at + 3600000000, "
                   "gate_version FROM nodes");
    store->execute(std::string("UPDATE control SET value = '") + other_node +
                   "' WHERE key = 'duty.housekeeping'");
  }

  void other_dies() {
    store->execute(std::string("UPDATE nodes SET heartbeat_at = 0 WHERE id "
                               "= '") +
                   other_node + "'");
  }

  void other_finds(bool is_balanced, db::timestamp at) {
    value_of(store->connect()->keep_verdict({.is_balanced = is_balanced,
                                             .fault_count = is_balanced ? 0 : 2,
                                             .checked_at = at,
                                             .age = {}}));
  }

  std::unique_ptr<actors::runtime> service;
};

config::settings checking_often() {
  auto settings = quick_settings();
  settings.ledger.verify_interval = 20ms;
  return settings;
}

} // namespace

TEST_CASE("a node keeps house until another does, and after that dies") {
  house_fixture fixture(checking_often());
  fixture.give_away();
  fixture.let_it_ask();
  // A check that had begun ends before the next look at the verdict.
  auto looks = fixture.calls("last_verdict");
  REQUIRE(
      eventually([&] { return fixture.calls("last_verdict") > looks + 1; }));
  auto rescues = fixture.calls("rescue");
  auto checks = fixture.calls("verify");
  fixture.let_it_ask();
  CHECK(fixture.calls("rescue") == rescues);
  CHECK(fixture.calls("verify") == checks);
  fixture.other_dies();
  CHECK(eventually([&] { return fixture.calls("rescue") > rescues; }));
  CHECK(eventually([&] { return fixture.calls("verify") > checks; }));
}

TEST_CASE("operators are served by every node") {
  house_fixture fixture;
  fixture.give_away();
  fixture.let_it_ask();
  CHECK(fixture.door().rescue_now());
  auto report = fixture.door().verify(1);
  REQUIRE(report);
  CHECK(report->is_balanced());
  auto kept = value_of(fixture.store->connect()->last_verdict());
  REQUIRE(kept);
  CHECK(kept->checked_at == report->at);
}

TEST_CASE("a look that takes long keeps no request waiting") {
  house_fixture fixture;
  fixture.plan().hold("assess");
  auto slow = std::async(std::launch::async, [&] {
    return fixture.door().ask_apart<db::assessment>(10s, [](db::store &store) {
      db::assess_request request;
      request.limit = 10s;
      return store.assess(request);
    });
  });
  CHECK(eventually([&] { return fixture.plan().holding() == 1; }));
  CHECK(fixture.door().ask<db::gate_state>(
      [](db::store &store) { return store.gate(); }));
  auto other = fixture.door().ask_apart<int>(
      10ms, [](db::store &) { return db::result<int>(1); });
  CHECK_FALSE(other);
  fixture.plan().let_go();
  CHECK(slow.get());
}

TEST_CASE("what another node's check found is known here") {
  house_fixture fixture;
  fixture.give_away();
  fixture.let_it_ask();
  auto now = db::system_now();
  fixture.other_finds(false, now);
  REQUIRE(
      eventually([&] { return !fixture.door().health().ledger.is_balanced; }));
  auto view = fixture.door().health().ledger;
  CHECK(view.was_checked);
  CHECK(view.fault_count == 2);
  CHECK(view.checked_at == now);
  fixture.other_finds(true, now + 1s);
  CHECK(eventually([&] { return fixture.door().health().ledger.is_balanced; }));
}

TEST_CASE("what a check here found is kept for all") {
  house_fixture fixture(checking_often());
  auto is_kept = [&](bool is_balanced) {
    auto kept = value_of(fixture.store->connect()->last_verdict());
    return kept && kept->is_balanced == is_balanced;
  };
  CHECK(eventually([&] { return is_kept(true); }));
  REQUIRE(fixture.door().accept(make_events(fixture.owner.id(), 1)));
  REQUIRE(eventually(
      [&] { return fixture.count("SELECT count(*) FROM events") == 1; }));
  fixture.store->execute("DELETE FROM events");
  CHECK(eventually([&] { return is_kept(false); }));
}

TEST_CASE("the schedule of checks goes on where it was left") {
  auto settings = quick_settings();
  settings.ledger.verify_interval = 1h;
  house_fixture fixture(settings);
  fixture.service->stop(10s);
  fixture.other_finds(true, db::system_now());
  auto begin = fixture.calls("verify");
  SECTION("when the last is not long ago there is none yet") {
    fixture.start(settings);
    auto looks = fixture.calls("last_verdict");
    REQUIRE(eventually([&] { return fixture.calls("last_verdict") > looks; }));
    fixture.let_it_ask();
    CHECK(fixture.calls("verify") == begin);
  }
  SECTION("when it is overdue it is made up for") {
    fixture.store->execute("UPDATE control SET updated_at = 0 WHERE key = "
                           "'ledger.verdict'");
    fixture.start(settings);
    CHECK(eventually([&] { return fixture.calls("verify") > begin; }));
  }
}

TEST_CASE("the node that keeps house folds the ledger") {
  auto settings = quick_settings();
  settings.ledger.compact_after = 1ms;
  house_fixture fixture(settings);
  fixture.service->stop(10s);
  auto session = fixture.store->connect();
  for (int i = 0; i < 150; ++i)
    value_of(session->accept(make_events(fixture.owner.id(), 1), 1h));
  fixture.start(settings);
  CHECK(eventually([&] {
    return fixture.count("SELECT count(*) FROM ledger WHERE kind = 'accepted' "
                         "AND first_seq IS NOT "
                         "NULL AND count >= 100") == 1;
  }));
  REQUIRE(fixture.door().verify(1));
  CHECK(fixture.door().verify(1)->is_balanced());
}

TEST_CASE("the node that keeps house removes what is old") {
  auto settings = quick_settings();
  settings.retention.events = 1ms;
  house_fixture fixture(settings);
  auto made = fixture.door().accept(make_events(fixture.owner.id(), 3));
  REQUIRE(made);
  REQUIRE(eventually(
      [&] { return fixture.count("SELECT count(*) FROM events") == 3; }));
  std::vector<db::event_id> ids{made->at(0)->id, made->at(1)->id};
  value_of(fixture.store->connect()->acknowledge(fixture.owner.id(), ids));
  CHECK(eventually(
      [&] { return fixture.count("SELECT count(*) FROM events") == 1; }));
  CHECK(
      eventually([&] { return fixture.door().metrics().removed_events == 2; }));
  CHECK(fixture.door().metrics().removed_deliveries == 2);
  CHECK(fixture.door().verify(1)->is_balanced());
}

TEST_CASE("another node's turn is not this one's to remove") {
  auto settings = quick_settings();
  settings.retention.events = 1ms;
  house_fixture fixture(settings);
  fixture.give_away();
  fixture.let_it_ask();
  auto steps = fixture.calls("prune");
  fixture.let_it_ask();
  CHECK(fixture.calls("prune") == steps);
}

TEST_CASE("a replay goes on whoever's turn it is") {
  house_fixture fixture;
  fixture.give_away();
  fixture.let_it_ask();
  auto looks = fixture.calls("continue_replays");
  CHECK(eventually(
      [&] { return fixture.calls("continue_replays") > looks + 1; }));
}

TEST_CASE("a duty that can't be asked for is not this node's") {
  house_fixture fixture;
  fixture.plan().add(
      {.method = "hold_duty", .times = -1, .code = db::errc::conflict});
  fixture.let_it_ask();
  auto rescues = fixture.calls("rescue");
  fixture.let_it_ask();
  CHECK(fixture.calls("rescue") == rescues);
  fixture.plan().clear();
  CHECK(eventually([&] { return fixture.calls("rescue") > rescues; }));
}
