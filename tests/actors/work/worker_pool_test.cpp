#include "actors/work/worker_pool.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "actors/spawn.hpp"
#include "tests/actors/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

/// A pool with a single worker, and nobody who claims for it.
struct pool_fixture : faulty_fixture {
  pool_fixture()
      : parts(std::make_shared<actors::shared_parts>(settings())),
        system(config) {
    parts->source = source;
    parts->self = make_node();
    pool = actors::spawn_child<caf::no_spawn_options>(
        &system, actors::worker_pool, parts);
    parts->pool.set(pool);
  }
  ~pool_fixture() {
    parts->is_stopping = true;
    parts->pool.set({});
    caf::anon_send_exit(pool, caf::exit_reason::kill);
  }

  static config::settings settings() {
    auto one = quick_settings();
    one.processor.max_concurrency = 1;
    return one;
  }

  bool is_working() {
    auto seen = parts->tree.get();
    return std::ranges::any_of(seen, [](const auto &part) {
      return part.name == "worker 1" && part.is_running;
    });
  }

  /// The next that this poller is told of the pool's room.
  static std::size_t room_told_to(caf::scoped_actor &poller) {
    std::size_t room = 99;
    poller->receive([&](actors::room_atom, std::size_t idle) { room = idle; },
                    caf::after(20s) >> [] {});
    return room;
  }

  std::shared_ptr<actors::shared_parts> parts;
  caf::actor_system_config config;
  caf::actor_system system;
  actors::worker_pool_actor pool;
};

} // namespace

TEST_CASE_METHOD(pool_fixture, "who comes while a worker is away hears of it",
                 "[pool]") {
  REQUIRE(eventually([&] { return is_working(); }));
  caf::scoped_actor poller(system);
  caf::anon_send(pool, actors::crash_atom::value);
  REQUIRE(eventually([&] { return !is_working(); }));
  poller->send(pool, actors::room_atom::value);
  auto room = room_told_to(poller);
  if (room == 0)
    room = room_told_to(poller);
  CHECK(room == 1);
}
