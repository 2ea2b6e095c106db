#include "actors/queue/poller.hpp"

#include <array>
#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "actors/intake/tenant_shares.hpp"
#include "actors/spawn.hpp"
#include "tests/actors/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

/// A poller, and nobody who would tell it where the pool is.
struct poller_fixture : faulty_fixture {
  poller_fixture()
      : parts(std::make_shared<actors::shared_parts>(quick_settings())),
        system(config) {
    parts->source = source;
    parts->self = make_node();
    parts->shares = std::make_shared<actors::tenant_shares>(1000, 100);
    value_of(store->connect()->enlist(parts->self));
    parts->is_enlisted = true;
    poller = actors::spawn_child<caf::detached>(&system, actors::poller, parts);
  }
  ~poller_fixture() {
    parts->is_stopping = true;
    caf::anon_send_exit(poller, caf::exit_reason::kill);
  }

  void accept(int count) {
    value_of(store->connect()->accept(make_events(owner.id(), count), 1h));
  }

  /// What a pool that has just begun says, and is asked.
  void introduce(caf::scoped_actor &pool, std::size_t room) {
    pool->send(poller, actors::hello_atom::value);
    bool is_asked = false;
    pool->receive([&](actors::room_atom) { is_asked = true; },
                  caf::after(20s) >> [] {});
    REQUIRE(is_asked);
    pool->send(poller, actors::room_atom::value, room);
  }

  /// How many items the next claim has that the pool gets.
  std::size_t assigned_to(caf::scoped_actor &pool) {
    std::size_t items = 0;
    pool->receive(
        [&](actors::assign_atom, const actors::claim_ptr &claim) {
          items = claim->items.size();
          fence = claim->id;
        },
        caf::after(20s) >> [] {});
    return items;
  }

  /// Has the poller look, after all that it was sent before.
  void look(caf::scoped_actor &self) {
    self->send(poller, actors::poll_atom::value);
    settle(self);
  }

  /// Waits until it has read all that it was sent before.
  void settle(caf::scoped_actor &self) {
    bool is_done = false;
    self->request(poller, 20s, actors::ping_atom::value)
        .receive([&](bool) { is_done = true; }, [](const caf::error &) {});
    REQUIRE(is_done);
  }

  /// Of the claim that was assigned last.
  db::claim_id fence;
  std::shared_ptr<actors::shared_parts> parts;
  caf::actor_system_config config;
  caf::actor_system system;
  actors::poller_actor poller;
};

/// Many clients that share each commit, as long as it lives.
class burst {
public:
  burst(actors::intake_box &box, caf::actor_system &system)
      : box_(box),
        handle_(system.spawn([](actors::ingest_actor::pointer)
                                 -> actors::ingest_actor::behavior_type {
          return {[](actors::flush_atom) {}, [](actors::crash_atom) {},
                  [](actors::ping_atom) { return true; }};
        })) {
    box_.set(handle_);
    // Several, so that one which has to wait for a processor is no gap.
    for (auto &client : clients_)
      client = std::thread([this] {
        while (!is_over_)
          commit_one();
      });
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!box_.has_burst() && std::chrono::steady_clock::now() < limit)
      std::this_thread::yield();
  }
  ~burst() {
    is_over_ = true;
    for (auto &client : clients_)
      client.join();
    box_.set({});
    caf::anon_send_exit(handle_, caf::exit_reason::user_shutdown);
  }
  burst(const burst &) = delete;
  burst &operator=(const burst &) = delete;

private:
  void commit_one() {
    for (int client = 0; client < 40; ++client)
      box_.put(make_events(owner_.id(), 1), std::chrono::steady_clock::now(),
               [](auto) {});
    box_.take();
  }

  actors::intake_box &box_;
  tenant owner_ = make_tenant();
  actors::ingest_actor handle_;
  std::atomic<bool> is_over_{false};
  std::array<std::thread, 3> clients_;
};

config::settings settings_for_bursts() {
  auto out = quick_settings();
  out.processor.batch_size = 1;
  out.ingest.max_queue_depth = 10;
  out.processor.yield_share = 50;
  return out;
}

/// A burst for which nothing rests, and who asks for claims.
struct moving_fixture : poller_fixture {
  moving_fixture() {
    auto settings = settings_for_bursts();
    settings.processor.yield_share = 0;
    parts->settings.set(settings);
  }

  burst clients{parts->ingest, system};
  caf::scoped_actor pool{system};
};

constexpr char stored_events[] = "SELECT count(*) FROM events";
constexpr char all_deliveries[] = "SELECT count(*) FROM event_deliveries";
constexpr char claimed_items[] =
    "SELECT count(*) FROM event_queue WHERE status = 'processing'";

} // namespace

TEST_CASE_METHOD(poller_fixture, "a pool is known by what it says", "[queue]") {
  accept(3);
  caf::scoped_actor pool(system);
  introduce(pool, 1);
  CHECK(assigned_to(pool) == 3);
}

TEST_CASE_METHOD(poller_fixture, "what a pool that is gone had is claimed anew",
                 "[queue]") {
  accept(3);
  {
    caf::scoped_actor gone(system);
    introduce(gone, 1);
    CHECK(assigned_to(gone) == 3);
  }
  caf::scoped_actor pool(system);
  introduce(pool, 1);
  CHECK(assigned_to(pool) == 3);
}

TEST_CASE_METHOD(poller_fixture, "a pool that is gone has no room", "[queue]") {
  {
    caf::scoped_actor gone(system);
    introduce(gone, 2);
  }
  caf::scoped_actor self(system);
  // What the pool said has been heard, and that it is gone.
  look(self);
  accept(3);
  look(self);
  CHECK(count(claimed_items) == 0);
}

TEST_CASE_METHOD(poller_fixture, "a pool that was given up is not heard",
                 "[queue]") {
  caf::scoped_actor hung(system);
  introduce(hung, 0);
  caf::scoped_actor pool(system);
  introduce(pool, 0);
  accept(3);
  hung->send(poller, actors::room_atom::value, std::size_t{1});
  hung->send(poller, actors::more_atom::value, db::claim_id::generate());
  look(hung);
  CHECK(count(claimed_items) == 0);
  pool->send(poller, actors::room_atom::value, std::size_t{1});
  CHECK(assigned_to(pool) == 3);
}

TEST_CASE_METHOD(poller_fixture,
                 "who rests for a burst goes on once its share is full",
                 "[queue]") {
  auto settings = settings_for_bursts();
  settings.processor.min_poll_interval = 1h;
  settings.processor.max_poll_interval = 1h;
  settings.processor.idle_poll_interval = 1h;
  parts->settings.set(settings);
  caf::scoped_actor self(system);
  self->send(poller, actors::apply_atom::value);
  accept(2);
  burst clients(parts->ingest, system);
  introduce(self, 1);
  CHECK(assigned_to(self) == 1);
  self->send(poller, actors::more_atom::value, fence);
  settle(self);
  parts->room.note(5, 0, parts->counts, 0);
  CHECK(eventually([&] { return count(stored_events) == 1; }));
}

TEST_CASE_METHOD(poller_fixture,
                 "in a burst one claim is out, until its share is full",
                 "[queue]") {
  auto settings = settings_for_bursts();
  parts->settings.set(settings);
  accept(3);
  burst clients(parts->ingest, system);
  caf::scoped_actor pool(system);
  introduce(pool, 3);
  CHECK(assigned_to(pool) == 1);
  look(pool);
  CHECK(count(claimed_items) == 1);

  // One more than the share, which each move takes from.
  SECTION("with so many waiting") {
    parts->room.note(6, 0, parts->counts, 0);
  }
  SECTION("with so many accepted since they were counted") {
    parts->room.note(2, 0, parts->counts, 0);
    parts->counts.accepted += 4;
  }
  SECTION("with no share at all") {
    settings.processor.yield_share = 0;
    parts->settings.set(settings);
  }
  look(pool);
  CHECK(eventually([&] { return count(stored_events) == 2; }));
}

TEST_CASE_METHOD(moving_fixture,
                 "in a burst what waits behind a full claim is moved without",
                 "[queue]") {
  accept(4);
  SECTION("as long as the store takes it") {
    introduce(pool, 2);
    CHECK(assigned_to(pool) == 1);
    CHECK(eventually([&] { return count(stored_events) == 3; }));
    CHECK(count(claimed_items) == 1);
    CHECK(parts->counts.stored == 3);
    CHECK(parts->counts.stored_without_claim == 3);
    // The first claim has all that there is to claim.
    CHECK(plan().calls("claim_items") == 1);
  }
  SECTION("but not after it was refused") {
    plan().add({.method = "move_due", .code = db::errc::rejected});
    introduce(pool, 3);
    for (int claim = 0; claim < 3; ++claim)
      CHECK(assigned_to(pool) == 1);
    CHECK(count(stored_events) == 0);
  }
  SECTION("again after the store was away") {
    plan().add({.method = "move_due"});
    introduce(pool, 4);
    CHECK(assigned_to(pool) == 1);
    CHECK(assigned_to(pool) == 1);
    CHECK(eventually([&] { return count(stored_events) == 2; }));
  }
  SECTION("again after its answer was lost") {
    plan().add({.method = "move_due",
                .when = planned_fault::moment::after_effect,
                .code = db::errc::in_doubt});
    introduce(pool, 4);
    CHECK(assigned_to(pool) == 1);
    CHECK(assigned_to(pool) == 1);
    CHECK(eventually([&] { return count(stored_events) == 2; }));
    CHECK(parts->counts.stored == 1);
  }
  CHECK(count(all_deliveries) == count(stored_events));
}

TEST_CASE_METHOD(moving_fixture,
                 "in a burst, too, what a pool that is gone had comes back",
                 "[queue]") {
  accept(3);
  {
    caf::scoped_actor gone(system);
    introduce(gone, 1);
    CHECK(assigned_to(gone) == 1);
  }
  introduce(pool, 1);
  CHECK(eventually([&] { return count(stored_events) == 3; }));
  CHECK(count(claimed_items) == 0);
}

TEST_CASE_METHOD(moving_fixture,
                 "in a burst workers are asked where a move takes long",
                 "[queue]") {
  accept(4);
  plan().hold("move_due");
  introduce(pool, 4);
  CHECK(assigned_to(pool) == 1);
  CHECK(eventually([&] { return plan().holding() == 1; }));
  // Not a wait for anything: this is how long it takes.
  std::this_thread::sleep_for(100ms);
  plan().let_go();
  CHECK(assigned_to(pool) == 1);
  CHECK(assigned_to(pool) == 1);
  CHECK(count(stored_events) == 1);
}

TEST_CASE_METHOD(moving_fixture,
                 "after sixteen claims without a refusal moves are tried again",
                 "[queue]") {
  accept(20);
  plan().add({.method = "move_due", .code = db::errc::rejected});
  introduce(pool, 30);
  for (int claim = 0; claim < 17; ++claim)
    CHECK(assigned_to(pool) == 1);
  CHECK(eventually([&] { return count(stored_events) == 3; }));
  CHECK(count(claimed_items) == 17);
}

TEST_CASE_METHOD(moving_fixture, "after a move its messages come first",
                 "[queue]") {
  accept(3);
  plan().hold("move_due");
  introduce(pool, 3);
  CHECK(assigned_to(pool) == 1);
  CHECK(eventually([&] { return plan().holding() == 1; }));
  for (int wake = 0; wake < 100; ++wake)
    pool->send(poller, actors::wake_atom::value);
  pool->send(poller, actors::ping_atom::value);
  // So long that claims come next, which we would hear of before the answer.
  std::this_thread::sleep_for(100ms);
  plan().let_go();
  bool is_answer_first = false;
  pool->receive([&](bool) { is_answer_first = true; },
                [](actors::assign_atom, const actors::claim_ptr &) {},
                caf::after(20s) >> [] {});
  CHECK(is_answer_first);
  CHECK(assigned_to(pool) == 1);
}
