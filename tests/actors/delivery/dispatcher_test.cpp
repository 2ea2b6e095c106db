#include <atomic>
#include <set>

#include <catch2/catch.hpp>

#include "tests/actors/fixture.hpp"
#include "tests/support/fake_webhook_port.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

constexpr char delivered_rows[] = "SELECT count(*) FROM event_deliveries "
                                  "WHERE status = 'delivered'";
constexpr char sending_rows[] = "SELECT count(*) FROM event_deliveries "
                                "WHERE status = 'sending'";
constexpr char failing_rows[] = "SELECT count(*) FROM event_deliveries "
                                "WHERE status = 'failed'";
constexpr char dead_rows[] = "SELECT count(*) FROM event_deliveries "
                             "WHERE status = 'dead_letter'";
constexpr char attempts_rows[] = "SELECT count(*) FROM delivery_attempts";
constexpr char parked_rows[] = "SELECT count(*) FROM endpoints "
                               "WHERE state = 'parked'";

struct dispatcher_fixture : faulty_fixture {
  dispatcher_fixture() {
    settings.delivery.poll_interval = 10ms;
    settings.delivery.retry_schedule = {1ms, 1ms};
  }

  void start() {
    service = std::make_unique<actors::runtime>(actors::runtime::options{
        .source = source,
        .self = make_node(),
        .settings = settings,
        .open_webhook_port = receivers.opener(),
        .on_escalation = [this] { has_escalated = true; }});
  }

  db::endpoint endpoint(std::string url, int max_in_flight = 8) {
    db::endpoint made;
    made.id = db::endpoint_id::generate();
    made.organization = owner.id();
    made.url = std::move(url);
    made.max_in_flight = max_in_flight;
    made.secrets = {{"sealed", std::nullopt}};
    REQUIRE(value_of(store->connect()->create_endpoint(made, 100)));
    return made;
  }

  std::vector<db::new_event> accept(int count) {
    auto events = make_events(owner.id(), count);
    auto replies = service->door().accept(events);
    REQUIRE(replies);
    return events;
  }

  std::set<std::string> ids_seen() const {
    std::set<std::string> ids;
    for (const auto &one : receivers.seen())
      ids.insert(one.id);
    return ids;
  }

  config::settings settings = quick_settings();
  fake_receivers receivers;
  std::atomic<bool> has_escalated{false};
  std::unique_ptr<actors::runtime> service;
};

} // namespace

TEST_CASE_METHOD(dispatcher_fixture, "what is stored is sent, signed, once") {
  endpoint("https://one");
  endpoint("https://two");
  start();
  auto events = accept(50);
  CHECK(eventually([&] { return count(delivered_rows) == 100; }));
  CHECK(receivers.count() == 100);
  CHECK(ids_seen().size() == 50);
  CHECK(count(attempts_rows) == 100);
  for (const auto &one : receivers.seen())
    CHECK(one.secrets == std::vector<std::string>{"sealed"});
  CHECK(service->door().metrics().delivered == 100);
}

TEST_CASE_METHOD(dispatcher_fixture, "no endpoint is sent more at once than "
                                     "its limit") {
  constexpr std::size_t limit = 3;
  endpoint("https://slow", limit);
  receivers.on_request([](const auto &) { return 0; });
  start();
  accept(40);
  // Slow at the beginning: one, two, three.
  std::size_t answered = 0;
  for (std::size_t most = 1; answered < 40; most = std::min(most + 1, limit)) {
    auto wanted = std::min(most, 40 - answered);
    REQUIRE(eventually([&] { return receivers.waiting() >= wanted; }));
    answered += receivers.answer_all(200);
  }
  CHECK(eventually([&] { return count(delivered_rows) == 40; }));
  CHECK(receivers.most_at_once("https://slow") == limit);
  CHECK(receivers.count() == 40);
}

TEST_CASE_METHOD(dispatcher_fixture, "an endpoint that hangs delays no other") {
  endpoint("https://hangs");
  endpoint("https://quick");
  receivers.on_request(
      [](const auto &one) { return one.url == "https://hangs" ? 0 : 200; });
  start();
  accept(200);
  CHECK(eventually([&] { return count(delivered_rows) == 200; }));
  CHECK(receivers.most_at_once("https://hangs") <= 8);
}

TEST_CASE_METHOD(dispatcher_fixture,
                 "a failure is tried again, then given up") {
  endpoint("https://fails");
  receivers.on_request([](const auto &) { return 500; });
  start();
  accept(1);
  CHECK(eventually([&] { return count(dead_rows) == 1; }));
  CHECK(receivers.count() == 3);
  CHECK(count(attempts_rows) == 3);
  CHECK(ids_seen().size() == 1);
  CHECK(
      eventually([&] { return service->door().metrics().dead_letters == 1; }));
}

TEST_CASE_METHOD(dispatcher_fixture, "an endpoint that is gone is parked, and "
                                     "keeps its deliveries") {
  settings.delivery.retry_schedule = {1h};
  endpoint("https://gone", 1);
  receivers.on_request([](const auto &) { return 410; });
  start();
  accept(20);
  CHECK(eventually([&] { return count(parked_rows) == 1; }));
  CHECK(eventually([&] { return count(sending_rows) == 0; }));
  CHECK(count(failing_rows) >= 1);
  CHECK(count(dead_rows) == 0);
  CHECK(count("SELECT count(*) FROM event_deliveries WHERE status IN "
              "('pending', 'failed') AND next_attempt_at IS NOT NULL") == 20);
}

TEST_CASE_METHOD(dispatcher_fixture,
                 "while delivery is paused nothing is sent, "
                 "and nothing dropped") {
  endpoint("https://one");
  start();
  auto &door = service->door();
  db::gate_change pause;
  pause.delivery = db::delivery_mode::paused;
  pause.actor = "test";
  pause.reason = "test";
  REQUIRE(door.change_gate(pause, 5s));
  accept(10);
  REQUIRE(eventually([&] { return count(stored) == 10; }));
  CHECK(receivers.count() == 0);
  pause.delivery = db::delivery_mode::running;
  REQUIRE(door.change_gate(pause, 5s));
  CHECK(eventually([&] { return count(delivered_rows) == 10; }));
}

TEST_CASE_METHOD(dispatcher_fixture, "a dispatcher that crashes is followed by "
                                     "one that goes on") {
  settings.delivery.timeout = 100ms;
  settings.delivery.connect_timeout = 100ms;
  endpoint("https://one");
  receivers.on_request([](const auto &) { return 0; });
  start();
  accept(5);
  REQUIRE(eventually([&] { return receivers.waiting() > 0; }));
  receivers.on_request([](const auto &) { return 200; });
  REQUIRE(service->crash("dispatcher"));
  // What it had in flight is due again once its lease is over; that is some
  // time, so the rest tells.
  CHECK(eventually([&] { return count(delivered_rows) >= 4; }));
}

TEST_CASE_METHOD(dispatcher_fixture, "a store that is away loses no result") {
  endpoint("https://one");
  receivers.on_request([](const auto &) { return 0; });
  start();
  accept(1);
  REQUIRE(eventually([&] { return receivers.waiting() == 1; }));
  plan().add({.method = "record_deliveries", .times = 3});
  receivers.answer_all(200);
  CHECK(eventually([&] { return count(delivered_rows) == 1; }));
  CHECK(receivers.count() == 1);
}

TEST_CASE_METHOD(dispatcher_fixture, "a stop waits for what is in flight") {
  endpoint("https://one");
  receivers.on_request([](const auto &) { return 0; });
  start();
  accept(1);
  REQUIRE(eventually([&] { return receivers.waiting() == 1; }));
  std::thread answers([&] { receivers.answer_all(200); });
  CHECK(service->stop(10s));
  answers.join();
  CHECK(count(delivered_rows) == 1);
  CHECK(count(sending_rows) == 0);
}

TEST_CASE_METHOD(dispatcher_fixture, "a stop gives back what takes too long") {
  settings.shutdown.grace = 400ms;
  endpoint("https://one");
  receivers.on_request([](const auto &) { return 0; });
  start();
  accept(1);
  REQUIRE(eventually([&] { return receivers.waiting() == 1; }));
  CHECK(service->stop(10s));
  CHECK(count(sending_rows) == 0);
  CHECK(count(delivered_rows) == 0);
  CHECK(count("SELECT attempts FROM event_deliveries WHERE next_attempt_at "
              "IS NOT NULL") == 0);
}
