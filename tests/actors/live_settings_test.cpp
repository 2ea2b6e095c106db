#include "actors/live_settings.hpp"

#include <algorithm>
#include <thread>

#include <catch2/catch.hpp>

#include "config/describe.hpp"
#include "config/interpret.hpp"
#include "tests/actors/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

/// A running service whose settings are changed.
struct live_fixture : faulty_fixture {
  explicit live_fixture(const config::settings &first = quick_settings())
      : service({.source = source,
                 .self = make_node(),
                 .settings = first,
                 .on_settings = [this](auto &now) { told = now.log.level; },
                 .on_escalation = [] {}}) {
    REQUIRE(eventually([&] { return workers() == 4; }));
  }
  ~live_fixture() { plan().let_go(); }

  template <class Change>
  void change(Change apply) {
    auto next = *service.door().settings();
    apply(next);
    actors::settings_change change{
        .set = {}, .unset = {}, .actor = "eve", .reason = "a test"};
    for (const auto &setting : config::descriptions())
      if (auto value = setting.get(next);
          value != setting.get(*service.door().settings()))
        change.set.push_back(
            {std::string(setting.key), config::to_text(setting, value)});
    REQUIRE(value_of(service.door().change_settings(change)).faults.empty());
  }

  void set_workers(int count) {
    change([&](auto &next) { next.processor.max_concurrency = count; });
  }

  void claim_one_at_a_time() {
    change([](auto &next) { next.processor.batch_size = 1; });
    // The first claim from now on may have been begun before.
    auto claims = plan().calls("claim_items");
    REQUIRE(
        eventually([&] { return plan().calls("claim_items") >= claims + 2; }));
  }

  long workers() {
    auto parts = service.door().parts();
    return std::ranges::count_if(parts, [](auto &one) {
      return one.is_running && one.name.starts_with("worker ");
    });
  }

  bool accept(int count) {
    auto replies = service.door().accept(make_events(owner.id(), count));
    return replies && replies->front();
  }

  std::string told;
  actors::runtime service;
};

/// So that nothing happens unless it is asked for.
config::settings patient_settings() {
  auto settings = quick_settings();
  settings.health.sample_interval = 60s;
  settings.ledger.verify_interval = std::chrono::hours(1);
  return settings;
}

struct patient_fixture : live_fixture {
  patient_fixture() : live_fixture(patient_settings()) {}
};

} // namespace

TEST_CASE_METHOD(live_fixture, "workers come and go with the settings") {
  auto count = GENERATE(1, 9);
  set_workers(count);
  CHECK(eventually([&] { return workers() == count; }));
  REQUIRE(accept(50));
  CHECK(eventually([&] { return this->count(stored) == 50; }));
  set_workers(4);
  CHECK(eventually([&] { return workers() == 4; }));
  CHECK(service.door().health().restarts == 0);
}

TEST_CASE_METHOD(live_fixture, "a worker that has to go finishes first") {
  claim_one_at_a_time();
  plan().hold("move", 2);
  REQUIRE(accept(2));
  REQUIRE(eventually([&] { return plan().holding() == 2; }));
  set_workers(1);
  CHECK(eventually([&] { return workers() == 2; }));
  CHECK(count(stored) == 0);
  plan().let_go();
  CHECK(eventually([&] { return workers() == 1; }));
  REQUIRE(accept(5));
  CHECK(eventually([&] { return count(stored) == 7; }));
  CHECK(service.door().health().restarts == 0);
}

TEST_CASE_METHOD(live_fixture, "the number of workers changes under load") {
  std::atomic<bool> stop{false};
  std::atomic<int> accepted{0};
  std::thread client([&] {
    while (!stop)
      accepted += accept(20) ? 20 : 0;
  });
  for (int round = 0; round < 30; ++round) {
    set_workers(1 + round % 7);
    auto before = accepted.load();
    CHECK(eventually([&] { return accepted > before; }));
  }
  stop = true;
  client.join();
  CHECK(eventually([&] { return count(stored) == accepted; }));
  CHECK(service.door().health().restarts == 0);
}

TEST_CASE_METHOD(live_fixture, "a pause ends, however workers changed before") {
  change([](auto &next) { next.processor.batch_size = 1; });
  int accepted = 0;
  for (int round = 0; round < 40; ++round) {
    set_workers(1 + round % 7);
    REQUIRE(accept(10));
    accepted += 10;
  }
  REQUIRE(eventually([&] { return count(stored) == accepted; }));
  db::gate_change turn;
  turn.processing = db::processing_mode::paused;
  REQUIRE(service.door().change_gate(turn, 2s));
  REQUIRE(accept(10));
  turn.processing = db::processing_mode::running;
  REQUIRE(service.door().change_gate(turn, 2s));
  CHECK(eventually([&] { return count(stored) == accepted + 10; }));
}

TEST_CASE_METHOD(live_fixture, "a shorter claim holds at once") {
  claim_one_at_a_time();
  auto before = plan().calls("move");
  REQUIRE(accept(20));
  CHECK(eventually([&] { return count(stored) == 20; }));
  CHECK(plan().calls("move") - before == 20);
}

TEST_CASE_METHOD(live_fixture, "fewer items may wait from now on") {
  change([](auto &next) { next.ingest.max_queue_depth = 1; });
  db::gate_change pause;
  pause.processing = db::processing_mode::paused;
  REQUIRE(service.door().change_gate(pause, 2s));
  CHECK(eventually([&] {
    return !accept(1) || service.door().intake(owner.id(), 1).what ==
                             actors::intake_state::kind::full;
  }));
  change([](auto &next) { next.ingest.max_queue_depth = 1'000'000; });
  CHECK(service.door().intake(owner.id(), 1).what ==
        actors::intake_state::kind::open);
}

TEST_CASE_METHOD(patient_fixture, "shorter intervals hold at once") {
  change([](auto &next) {
    next.health.sample_interval = 100ms;
    next.ledger.verify_interval = 100ms;
  });
  CHECK(eventually([&] { return plan().calls("verify") > 2; }));
  CHECK(eventually([&] { return plan().calls("depth") > 2; }));
}

TEST_CASE_METHOD(live_fixture, "whoever started the service hears of changes") {
  change([](auto &next) { next.log.level = "debug"; });
  CHECK(told == "debug");
}
