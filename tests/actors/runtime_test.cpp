#include "actors/runtime.hpp"

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "actors/part_names.hpp"
#include "tests/actors/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

struct runtime_fixture : faulty_fixture {
  runtime_fixture() { start(); }

  void start() {
    service = std::make_unique<actors::runtime>(actors::runtime::options{
        .source = source,
        .self = make_node(),
        .settings = settings,
        .on_escalation = [this] { has_escalated = true; }});
  }

  bool accept(std::vector<db::new_event> events) {
    auto replies = service->door().accept(std::move(events));
    return replies && std::all_of(replies->begin(), replies->end(),
                                  [](auto &one) { return one.has_value(); });
  }

  std::optional<db::event_view> find(db::event_id id) {
    auto owner_id = owner.id();
    auto found = service->door().ask<std::optional<db::event_view>>(
        [=](db::store &session) { return session.find_event(owner_id, id); });
    return found ? *found : std::nullopt;
  }

  bool is_stored(db::event_id id) {
    auto found = find(id);
    return found && found->where == db::event_view::place::stored;
  }

  bool takes_events() {
    return eventually([&] { return accept(make_events(owner.id(), 1)); });
  }

  config::settings settings = quick_settings();
  std::atomic<bool> has_escalated{false};
  std::unique_ptr<actors::runtime> service;
};

} // namespace

TEST_CASE_METHOD(runtime_fixture, "an accepted event reaches the log") {
  auto events = make_events(owner.id(), 3);
  REQUIRE(accept(events));
  CHECK(eventually([&] { return is_stored(events[2].id); }));
  CHECK(eventually([&] { return count(queued) == 0; }));
}

TEST_CASE_METHOD(runtime_fixture,
                 "an event into an idle service does not wait for a poll") {
  REQUIRE(eventually([&] { return service->door().health().database_is_up; }));
  for (int round = 0; round < 3; ++round) {
    auto events = make_events(owner.id(), 1);
    REQUIRE(accept(events));
    CHECK(eventually([&] { return is_stored(events[0].id); }));
  }
}

TEST_CASE_METHOD(runtime_fixture, "health shows what was done") {
  REQUIRE(accept(make_events(owner.id(), 4)));
  CHECK(eventually([&] {
    auto sample = service->door().health();
    return sample.is_ready && sample.accepted == 4 && sample.stored == 4;
  }));
}

TEST_CASE_METHOD(runtime_fixture, "metrics count every event on its way") {
  const auto count_of = [](const actors::histogram_view &view) {
    auto count = view.beyond;
    for (const auto &one : view.buckets)
      count += one.count;
    return count;
  };
  auto events = make_events(owner.id(), 4);
  REQUIRE(accept(events));
  REQUIRE(accept(make_events(owner.id(), 1)));
  REQUIRE(eventually([&] { return service->door().health().stored == 5; }));
  auto seen = service->door().metrics();
  CHECK(seen.health.accepted == 5);
  CHECK(count_of(seen.accept_latency) == 2);
  CHECK(seen.accept_latency.sum > 0);
  CHECK(count_of(seen.commit_size) == 2);
  CHECK(seen.commit_size.sum == 5);
  CHECK(eventually(
      [&] { return count_of(service->door().metrics().queue_age) == 5; }));
  CHECK(service->door().metrics().queue_age.sum < 60);
  CHECK(count_of(service->door().metrics().move_time) >= 1);
}

TEST_CASE_METHOD(runtime_fixture, "health warns of a queue that grows") {
  using enum actors::health_level;
  REQUIRE(service->door().change_gate(
      {.processing = db::processing_mode::paused, .actor = "a", .reason = "b"},
      1s));
  CHECK(eventually([&] {
    accept(make_events(owner.id(), 30));
    return service->door().health().rate_level == warning;
  }));
  CHECK(eventually([&] {
    accept(make_events(owner.id(), 300));
    return service->door().health().queue_level == critical;
  }));
}

TEST_CASE_METHOD(runtime_fixture, "health counts stuck items") {
  // The janitor takes them back; they are set anew until health has looked.
  REQUIRE(service->door().change_gate(
      {.processing = db::processing_mode::paused, .actor = "a", .reason = "b"},
      1s));
  REQUIRE(accept(make_events(owner.id(), 3)));
  CHECK(eventually([&] {
    store->execute("UPDATE event_queue SET status = 'processing'");
    auto sample = service->door().health();
    return sample.depth.stuck == 3 &&
           sample.stuck_level == actors::health_level::warning;
  }));
}

TEST_CASE_METHOD(runtime_fixture,
                 "each part that crashes comes back, and nothing is lost") {
  auto child = GENERATE(as<std::string>{}, "ingest", "ingest relief", "poller",
                        "worker", "janitor", "health", "reader");
  auto before = make_events(owner.id(), 50);
  REQUIRE(accept(before));
  REQUIRE(service->crash(child));
  CHECK(eventually([&] { return service->door().health().restarts == 1; }));
  CHECK(service->door().health().restarts_last_hour == 1);
  auto after = make_events(owner.id(), 1);
  CHECK(eventually([&] { return accept(after) || count(queued) < 0; }));
  CHECK(eventually([&] { return count("SELECT count(*) FROM events") >= 51; }));
  CHECK(eventually([&] { return count(queued) == 0; }));
  CHECK(count("SELECT count(*) - count(DISTINCT id) FROM events") == 0);
  CHECK_FALSE(has_escalated);
}

TEST_CASE_METHOD(runtime_fixture, "each name that is told for it restarts") {
  for (const auto name : actors::restartable_names()) {
    INFO(name);
    CHECK(actors::restart_name_of(name) == name);
    CHECK(service->door().restart(name));
  }
  CHECK_FALSE(service->door().restart("worker_pool"));
  for (const auto &part : service->door().parts()) {
    INFO(part.name);
    CHECK(actors::restart_name_of(part.name).empty() ==
          (part.name == "worker_pool"));
  }
  CHECK(eventually([&] {
    return service->door().health().restarts >=
           actors::restartable_names().size();
  }));
}

TEST_CASE_METHOD(runtime_fixture,
                 "a part that keeps crashing ends the service") {
  for (std::uint64_t crash = 1; crash <= 6; ++crash) {
    REQUIRE(eventually([&] {
      service->crash("ingest");
      return service->door().health().restarts >= crash || has_escalated;
    }));
  }
  CHECK(eventually([&] { return has_escalated.load(); }));
}

TEST_CASE_METHOD(runtime_fixture,
                 "a database that goes away is lived through") {
  plan().add({.method = "", .times = -1});
  plan().add({.method = "connect", .times = -1});
  CHECK(eventually([&] { return !accept(make_events(owner.id(), 1)); }));
  CHECK(eventually([&] { return !service->door().health().is_ready; }));
  plan().clear();
  CHECK(takes_events());
  CHECK(eventually([&] { return service->door().health().is_ready; }));
  CHECK(eventually([&] { return count(queued) == 0; }));
  CHECK_FALSE(has_escalated);
}

TEST_CASE_METHOD(runtime_fixture,
                 "a database that takes no changes is told, idle or not") {
  REQUIRE(eventually([&] { return service->door().health().is_ready; }));
  const auto is_told = [&] {
    const auto sample = service->door().health();
    return !sample.is_ready && !sample.database_is_up &&
           sample.database_error.starts_with("can't be written: ");
  };
  SECTION("by the heartbeat while nothing else happens") {
    plan().add({.method = "heartbeat", .times = -1});
    CHECK(eventually(is_told));
  }
  SECTION("by the commits, though the heartbeat is written") {
    plan().add({.method = "accept", .times = -1, .code = db::errc::conflict});
    CHECK(eventually([&] {
      accept(make_events(owner.id(), 1));
      return is_told();
    }));
  }
  SECTION("by upkeep that keeps the heartbeat waiting") {
    plan().hold("rescue");
    CHECK(eventually(is_told));
    plan().let_go();
  }
  plan().clear();
  CHECK(eventually([&] { return service->door().health().is_ready; }));
  CHECK(service->door().health().database_error.empty());
  CHECK(accept(make_events(owner.id(), 1)));
}

TEST_CASE_METHOD(runtime_fixture,
                 "stopping finishes what was begun and gives back the rest") {
  std::vector<std::thread> clients;
  std::atomic<int> accepted{0};
  std::atomic<bool> stop{false};
  for (int client = 0; client < 4; ++client)
    clients.emplace_back([&] {
      while (!stop)
        accepted += accept(make_events(owner.id(), 5)) ? 5 : 0;
    });
  REQUIRE(eventually([&] { return accepted > 200; }));
  CHECK(service->stop(10s));
  stop = true;
  for (auto &client : clients)
    client.join();
  CHECK(count("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM "
              "event_queue)") == accepted);
  CHECK(count("SELECT count(*) FROM event_queue WHERE status = 'processing'") ==
        0);
}

TEST_CASE_METHOD(runtime_fixture,
                 "claims of an earlier life come back at the start") {
  service->stop(10s);
  auto orphans = claimed(make_events(owner.id(), 10));
  REQUIRE(orphans.items.size() == 10);
  start();
  CHECK(eventually([&] { return count("SELECT count(*) FROM events") == 10; }));
}

TEST_CASE_METHOD(runtime_fixture,
                 "who has much waiting goes behind, and has a share") {
  service->stop(5s);
  settings.ingest.max_queue_depth = 5'000;
  start();
  REQUIRE(eventually([&] { return service->door().health().is_ready; }));
  REQUIRE(service->door().change_gate(
      {.processing = db::processing_mode::paused, .actor = "eve"}, 0ms));
  REQUIRE(accept(make_events(owner.id(), 1'001)));
  REQUIRE(accept(make_events(owner.id(), 2'999)));
  CHECK(count("SELECT count(*) FROM event_queue WHERE lane = 0") == 1'001);
  CHECK(count("SELECT count(*) FROM event_queue WHERE lane = 1") == 2'999);

  using enum actors::intake_state::kind;
  // A sample may fall between a commit and its being counted; the next one
  // puts that right.
  CHECK(eventually([&] {
    return service->door().intake(owner.id(), 1).what == over_share;
  }));
  CHECK(service->door().intake(owner.id(), 1).retry_after >= 1s);
  CHECK(service->door().intake(db::organization_id::generate(), 1).what ==
        open);
  // The next life learns it from the store.
  service->stop(5s);
  start();
  CHECK(eventually([&] {
    return service->door().intake(owner.id(), 1).what == over_share;
  }));
}
