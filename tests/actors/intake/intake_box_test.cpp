#include "actors/intake/intake_box.hpp"

#include <catch2/catch.hpp>

#include "tests/actors/fixture.hpp"
#include "tests/support/factories.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

/// A box whose actor only counts how often it was woken.
struct box_fixture {
  box_fixture() { box.set(handle); }
  ~box_fixture() {
    box.set({});
    box.relief().set({});
    caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(relief, caf::exit_reason::user_shutdown);
  }

  using reply = std::optional<db::result<actors::accept_reply>>;

  /// What the client is told, once it was told something.
  std::shared_ptr<reply> put(int count, int lane = 0) {
    auto told = std::make_shared<reply>();
    auto events = make_events(owner.id(), count);
    for (auto &event : events)
      event.lane = lane;
    box.put(std::move(events), std::chrono::steady_clock::now(),
            [told](auto what) { *told = std::move(what); });
    return told;
  }

  caf::actor_system_config config;
  caf::actor_system system{config};
  actors::ingest_actor spawn(std::atomic<int> &counter) {
    return system.spawn([&counter](actors::ingest_actor::pointer)
                            -> actors::ingest_actor::behavior_type {
      return {[&counter](actors::flush_atom) { ++counter; },
              [](actors::crash_atom) {},
              [](actors::ping_atom) { return true; }};
    });
  }

  std::atomic<int> wakes{0};
  std::atomic<int> relief_wakes{0};
  actors::ingest_actor handle = spawn(wakes);
  actors::ingest_actor relief = spawn(relief_wakes);
  tenant owner = make_tenant();
  actors::intake_box box;
};

} // namespace

TEST_CASE_METHOD(box_fixture, "what gathers before it is taken is one group") {
  auto first = put(2);
  auto second = put(3);
  auto group = box.take();
  REQUIRE(group);
  CHECK(group->events().size() == 5);
  CHECK_FALSE(box.take());
  CHECK_FALSE(*first);
  auto outcomes = actors::accept_reply(5, db::accept_outcome{});
  outcomes[1] = db::fail(db::errc::rejected, "second");
  outcomes[4] = db::fail(db::errc::rejected, "last");
  group->settle(outcomes);
  REQUIRE(*first);
  CHECK(first->value()->at(1).error().text == "second");
  CHECK(second->value()->size() == 3);
  CHECK(second->value()->at(2).error().text == "last");
}

TEST_CASE_METHOD(box_fixture, "a group has a limit, a single client has not") {
  box.limit(4);
  for (int count : {3, 2, 9})
    put(count);
  CHECK(box.take()->events().size() == 3);
  CHECK(box.take()->events().size() == 2);
  CHECK(box.take()->events().size() == 9);
}

TEST_CASE_METHOD(box_fixture, "nobody waits behind all of who brings much") {
  box.limit(10);
  for (int client = 0; client < 3; ++client)
    put(10, 2);
  put(1);
  put(2);
  CHECK(box.take()->events().size() == 3);
  for (int client = 0; client < 3; ++client)
    CHECK(box.take()->events().size() == 10);
  CHECK_FALSE(box.take());
}

TEST_CASE_METHOD(box_fixture, "who brings much has one turn of four") {
  box.limit(1);
  for (int client = 0; client < 40; ++client) {
    put(1, 0);
    put(1, 1);
  }
  int behind = 0;
  for (int turn = 0; turn < 40; ++turn)
    behind += box.take()->events().front().lane;
  CHECK(behind == 10);
}

TEST_CASE_METHOD(box_fixture, "the relief takes what is full, and only that") {
  box.limit(10);
  box.relief().set(relief);
  put(2);
  put(2);
  CHECK_FALSE(box.take_full());
  put(1);
  put(3);
  CHECK(box.take_full()->events().size() == 8);
  CHECK_FALSE(box.take_full());
  put(4);
  put(7);
  CHECK(box.take_full()->events().size() == 4);
  CHECK(box.take_full()->events().size() == 7);
  CHECK_FALSE(box.take());
  CHECK(eventually([&] { return wakes == 3; }));
  CHECK(eventually([&] { return relief_wakes == 2; }));
}

TEST_CASE_METHOD(box_fixture, "the relief finds what is full in either line") {
  box.limit(10);
  put(1, 0);
  put(9, 2);
  CHECK(box.take_full()->events().size() == 9);
  CHECK_FALSE(box.take_full());
  // And takes nobody's turn when it finds nothing.
  for (int turn = 0; turn < 3; ++turn) {
    put(1, 2);
    CHECK_FALSE(box.take_full());
    CHECK(box.take()->events().front().lane == 0);
    put(1, 0);
  }
}

TEST_CASE_METHOD(box_fixture, "without a relief the first takes everything") {
  box.limit(10);
  for (int client = 0; client < 3; ++client)
    put(10);
  for (int client = 0; client < 3; ++client)
    CHECK(box.take()->events().size() == 10);
  CHECK(eventually([&] { return wakes == 3; }));
}

TEST_CASE_METHOD(box_fixture, "a group dropped unanswered tells its clients") {
  auto told = put(1);
  box.take();
  REQUIRE(*told);
  CHECK(told->value().error().code == db::errc::in_doubt);
}

TEST_CASE_METHOD(
    box_fixture,
    "who waits when the actor goes learns that nothing was begun") {
  auto told = put(1, GENERATE(0, 3));
  box.set({});
  REQUIRE(*told);
  CHECK(told->value().error().code == db::errc::unavailable);
  CHECK(put(1)->value().error().code == db::errc::unavailable);
  CHECK_FALSE(box.take());
}

TEST_CASE_METHOD(box_fixture, "whose place was taken does not close the box") {
  auto gone = handle.address();
  handle = system.spawn(
      [](actors::ingest_actor::pointer) -> actors::ingest_actor::behavior_type {
        return {[](actors::flush_atom) {}, [](actors::crash_atom) {},
                [](actors::ping_atom) { return true; }};
      });
  box.set(handle);
  box.leave(gone);
  CHECK(box.get() == handle);
  box.leave(handle.address());
  CHECK_FALSE(box.get());
}

TEST_CASE_METHOD(box_fixture, "many clients in each commit are a burst") {
  auto commits = [&](int clients, int times) {
    for (int i = 0; i < times; ++i) {
      for (int client = 0; client < clients; ++client)
        put(1);
      box.take();
    }
  };
  CHECK_FALSE(box.has_burst());
  commits(4, 200);
  CHECK_FALSE(box.has_burst());
  commits(40, 20);
  CHECK(box.has_burst());
  commits(1, 200);
  CHECK_FALSE(box.has_burst());
  // However much a single one brings.
  for (int i = 0; i < 200; ++i) {
    put(20);
    box.take();
  }
  CHECK_FALSE(box.has_burst());
}
