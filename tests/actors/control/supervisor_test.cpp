#include "actors/control/supervisor.hpp"

#include <atomic>

#include <catch2/catch.hpp>

#include "tests/actors/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

config::settings soon_given_up() {
  auto settings = quick_settings();
  settings.supervisor.stuck_after = 300ms;
  settings.store.call_timeout = 100ms;
  settings.store.connect_timeout = 100ms;
  return settings;
}

/// A running service whose parts are watched closely.
struct tree_fixture : faulty_fixture {
  tree_fixture()
      : service({.source = source,
                 .self = make_node(),
                 .settings = soon_given_up(),
                 .on_escalation = [this] { has_escalated = true; }}) {
    REQUIRE(eventually([&] { return service.door().health().database_is_up; }));
  }
  ~tree_fixture() { plan().let_go(); }

  actors::part_view part(const std::string &name) {
    for (auto &one : service.door().parts())
      if (one.name == name)
        return one;
    return {};
  }

  bool is_back(const std::string &name) {
    return eventually([&] {
      auto now = part(name);
      return now.restarts == 1 && now.is_running;
    });
  }

  bool accept(const std::vector<db::new_event> &events) {
    auto replies = service.door().accept(events);
    return replies && replies->front();
  }

  std::atomic<bool> has_escalated{false};
  actors::runtime service;
};

} // namespace

TEST_CASE_METHOD(tree_fixture, "every part of the service is shown") {
  for (const auto *name : {"ingest", "ingest relief", "poller", "worker_pool",
                           "worker 1", "worker 4", "gate", "auditor", "janitor",
                           "health", "reader 1", "reader 2"}) {
    INFO(name);
    CHECK(eventually([&] { return part(name).is_running; }));
    CHECK(part(name).restarts == 0);
    CHECK(part(name).last_error.empty());
  }
}

TEST_CASE_METHOD(tree_fixture, "a part that crashed shows why") {
  auto [order, name] = GENERATE(table<std::string, std::string>(
      {{"poller", "poller"}, {"worker", "worker 1"}, {"reader", "reader 1"}}));
  REQUIRE(eventually([&, name = name] { return part(name).is_running; }));
  REQUIRE(service.crash(order));
  CHECK(is_back(name));
  CHECK(part(name).last_error == "crash requested");
}

TEST_CASE_METHOD(tree_fixture, "a part that hangs is replaced") {
  auto [method, name] = GENERATE(table<std::string, std::string>(
      {{"rescue", "janitor"}, {"depth", "health"}, {"gate", "gate"}}));
  plan().hold(method);
  REQUIRE(eventually([&] { return plan().holding() == 1; }));
  CHECK(is_back(name));
  CHECK(part(name).last_error == "it hung");
  auto events = make_events(owner.id(), 3);
  CHECK(eventually([&] { return accept(events) || count(stored) > 0; }));
  CHECK(eventually([&] { return count(stored) == 3; }));
  CHECK_FALSE(has_escalated);
}

TEST_CASE_METHOD(tree_fixture, "ingest that hangs leaves its clients in doubt, "
                               "and the next ones are served") {
  plan().hold("accept");
  auto told = std::make_shared<std::promise<db::errc>>();
  auto events = make_events(owner.id(), 1);
  service.door().accept_later(events, [told](auto what) {
    told->set_value(what ? db::errc::conflict : what.error().code);
  });
  REQUIRE(eventually([&] { return plan().holding() == 1; }));
  CHECK(is_back("ingest"));
  CHECK(eventually([&] { return accept(make_events(owner.id(), 1)); }));
  plan().let_go();
  // Its own thread tells them, when it can.
  auto answer = told->get_future();
  CHECK(answer.wait_for(20s) == std::future_status::ready);
  CHECK(eventually([&] { return count(stored) == 2; }));
}

TEST_CASE_METHOD(tree_fixture, "a worker that hangs loses its claim") {
  plan().hold("move");
  REQUIRE(accept(make_events(owner.id(), 2)));
  REQUIRE(eventually([&] { return plan().holding() == 1; }));
  CHECK(eventually([&] { return service.door().health().restarts == 1; }));
  CHECK(eventually([&] { return count(stored) == 2; }));
  // What it does with it later finds nothing.
  plan().let_go();
  auto events = make_events(owner.id(), 2);
  REQUIRE(accept(events));
  CHECK(eventually([&] { return count(stored) == 4; }));
  CHECK(count("SELECT count(*) - count(DISTINCT id) FROM events") == 0);
  CHECK_FALSE(has_escalated);
}

TEST_CASE_METHOD(tree_fixture, "a service with a part that hangs still ends") {
  plan().hold("depth");
  REQUIRE(eventually([&] { return plan().holding() == 1; }));
  REQUIRE(is_back("health"));
  CHECK(service.stop(10s));
}
