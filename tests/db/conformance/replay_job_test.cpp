#include "tests/db/conformance/webhook_bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

using begun = db::replay_beginning::kind;
using db::replay_state;

/// A bench whose clock tells the time, as the ids of deliveries do.
class replay_bench : public webhook_bench {
public:
  explicit replay_bench(const std::string &store) : webhook_bench(store) {
    clock().advance(db::system_now() - clock().now());
  }

  db::replay_request asked(const db::endpoint &to) {
    return {.id = db::replay_id::generate(),
            .organization = owner(),
            .endpoint = to.id};
  }
  db::replay_job begin(const db::replay_request &fresh) {
    auto answer = value_of(session().begin_replay(fresh, 5));
    REQUIRE(answer.what == begun::begun);
    return answer.job;
  }
  db::replay_progress step(int limit = 100) {
    return value_of(session().continue_replays(limit));
  }
  db::replay_job look(const db::replay_job &at) {
    auto found = value_of(session().find_replay(owner(), at.id));
    REQUIRE(found);
    return *found;
  }
  /// Events that have been delivered.
  db::endpoint delivered(int count) {
    auto made = add();
    store_some(count);
    record(take(made), result_kind::delivered);
    return made;
  }
};

} // namespace

TEST_CASE("a replay goes on step by step to its end", "[conformance]") {
  replay_bench on(EACH_STORE);
  auto to = on.delivered(7);
  on.clock().advance(1s);
  auto now = on.clock().now();
  auto fresh = on.asked(to);
  fresh.since = now - 1h;
  auto job = on.begin(fresh);
  CHECK(job.id == fresh.id);
  CHECK(job.state == replay_state::running);
  CHECK(job.since == fresh.since);
  CHECK(job.until == now);
  CHECK(job.started_at == now);
  CHECK(on.standing("pending") == 0);
  on.clock().advance(1s);
  std::vector<std::int64_t> came_to;
  while (on.look(job).state == replay_state::running) {
    CHECK(on.step(3).replayed <= 3);
    came_to.push_back(on.look(job).replayed);
    CHECK(on.standing("pending") == came_to.back());
  }
  CHECK(came_to == std::vector<std::int64_t>{3, 6, 7});
  auto ended = on.look(job);
  CHECK(ended.state == replay_state::done);
  CHECK(ended.examined >= 7);
  CHECK(ended.updated_at == on.clock().now());
  CHECK_FALSE(on.step().next_in);
  CHECK(on.step().replayed == 0);
}

TEST_CASE("a replay takes what was stored before it began, once",
          "[conformance]") {
  replay_bench on(EACH_STORE);
  auto to = on.delivered(3);
  on.clock().advance(1s);
  auto job = on.begin(on.asked(to));
  on.store_some(2);
  on.record(on.take(to), result_kind::delivered);
  on.step();
  CHECK(on.look(job).replayed == 3);
  on.record(on.take(to), result_kind::delivered);
  on.step();
  CHECK(on.look(job).state == replay_state::done);
  CHECK(on.standing("delivered") == 5);
}

TEST_CASE("a replay takes what its order names, as a job", "[conformance]") {
  replay_bench on(EACH_STORE);
  auto to = on.add();
  on.add();
  on.store_some(2);
  on.record(on.take(to, 1), result_kind::dead_letter);
  on.clock().advance(1s);
  auto middle = on.clock().now();
  on.store_some(3);
  on.record(on.take(to), result_kind::delivered);
  on.clock().advance(1s);
  auto run = [&](db::replay_request fresh) {
    auto job = on.begin(fresh);
    while (on.step().next_in)
      continue;
    return on.look(job).replayed;
  };
  auto fresh = on.asked(to);
  fresh.dead_letters_only = true;
  CHECK(run(fresh) == 1);
  fresh = on.asked(to);
  fresh.since = middle;
  CHECK(run(fresh) == 3);
  fresh = on.asked(to);
  fresh.until = middle;
  CHECK(run(fresh) == 1);
}

TEST_CASE("a replay keeps to its rate", "[conformance]") {
  replay_bench on(EACH_STORE);
  auto to = on.delivered(50);
  on.clock().advance(1s);
  auto fresh = on.asked(to);
  fresh.rate = 100;
  auto job = on.begin(fresh);
  CHECK(job.rate == 100);
  auto first = on.step();
  CHECK(first.replayed == 10);
  CHECK(first.next_in == 100ms);
  CHECK(on.step().replayed == 0);
  on.clock().advance(99ms);
  CHECK(on.step().replayed == 0);
  on.clock().advance(1ms);
  CHECK(on.step().replayed == 10);
  // What was missed meanwhile is not made up for.
  on.clock().advance(1h);
  CHECK(on.step().replayed == 10);
  CHECK(on.step().replayed == 0);
  CHECK(on.look(job).replayed == 30);
}

TEST_CASE("a replay that was cancelled makes nothing due any more",
          "[conformance]") {
  replay_bench on(EACH_STORE);
  auto to = on.delivered(5);
  on.clock().advance(1s);
  auto job = on.begin(on.asked(to));
  on.step(2);
  auto ended = value_of(on.session().cancel_replay(on.owner(), job.id));
  REQUIRE(ended);
  CHECK(ended->state == replay_state::cancelled);
  CHECK(ended->replayed == 2);
  CHECK(on.step(2).replayed == 0);
  CHECK_FALSE(on.step(2).next_in);
  CHECK(on.standing("pending") == 2);
  on.clock().advance(1s);
  auto again = value_of(on.session().cancel_replay(on.owner(), job.id));
  REQUIRE(again);
  CHECK(again->updated_at == ended->updated_at);
}

TEST_CASE("a cancel comes too late for a replay that is done",
          "[conformance]") {
  replay_bench on(EACH_STORE);
  auto to = on.delivered(1);
  on.clock().advance(1s);
  auto job = on.begin(on.asked(to));
  on.step();
  auto seen = value_of(on.session().cancel_replay(on.owner(), job.id));
  REQUIRE(seen);
  CHECK(seen->state == replay_state::done);
}

TEST_CASE("a replay survives the end of its process", "[conformance]") {
  replay_bench on(EACH_STORE);
  auto to = on.delivered(5);
  on.clock().advance(1s);
  auto job = on.begin(on.asked(to));
  on.step(2);
  on.restart();
  CHECK(on.look(job).replayed == 2);
  on.step(2);
  on.step(2);
  CHECK(on.look(job).replayed == 5);
  CHECK(on.look(job).state == replay_state::done);
}

TEST_CASE("a replay to an endpoint that was removed has failed",
          "[conformance]") {
  replay_bench on(EACH_STORE);
  auto to = on.delivered(5);
  on.clock().advance(1s);
  auto job = on.begin(on.asked(to));
  REQUIRE(value_of(on.session().remove_endpoint(on.owner(), to.id)));
  on.step(2);
  CHECK(on.look(job).state == replay_state::failed);
  CHECK(on.look(job).reason == "the endpoint was removed");
  CHECK(value_of(on.session().begin_replay(on.asked(to), 5)).what ==
        begun::no_endpoint);
}

TEST_CASE("an organization has so many replays at once", "[conformance]") {
  replay_bench on(EACH_STORE);
  auto to = on.delivered(1);
  auto other = on.add_tenant("Other");
  auto theirs = on.add_for(other.id());
  on.clock().advance(1s);
  auto first = on.begin(on.asked(to));
  auto second = on.begin(on.asked(to));
  CHECK(value_of(on.session().begin_replay(on.asked(to), 2)).what ==
        begun::too_many);
  auto fresh = on.asked(theirs);
  fresh.organization = other.id();
  CHECK(value_of(on.session().begin_replay(fresh, 2)).what == begun::begun);
  value_of(on.session().cancel_replay(on.owner(), first.id));
  CHECK(value_of(on.session().begin_replay(on.asked(to), 2)).what ==
        begun::begun);
  CHECK(on.look(second).state == replay_state::running);
}

TEST_CASE("replays are their organization's", "[conformance]") {
  replay_bench on(EACH_STORE);
  auto to = on.delivered(1);
  auto other = on.add_tenant("Other");
  on.clock().advance(1s);
  auto job = on.begin(on.asked(to));
  auto &session = on.session();
  CHECK_FALSE(value_of(session.find_replay(other.id(), job.id)));
  CHECK_FALSE(value_of(session.cancel_replay(other.id(), job.id)));
  CHECK(value_of(session.replays(other.id(), to.id)).empty());
  auto stolen = on.asked(to);
  stolen.organization = other.id();
  CHECK(value_of(session.begin_replay(stolen, 5)).what == begun::no_endpoint);
  CHECK(on.look(job).state == replay_state::running);
  on.step();
  CHECK(on.look(job).replayed == 1);
}

TEST_CASE("replays to an endpoint are listed, the newest first",
          "[conformance]") {
  replay_bench on(EACH_STORE);
  auto to = on.delivered(1);
  std::vector<db::replay_id> ids;
  for (int i = 0; i < db::replays_kept + 5; ++i) {
    auto job = on.begin(on.asked(to));
    value_of(on.session().cancel_replay(on.owner(), job.id));
    ids.push_back(job.id);
  }
  on.begin(on.asked(on.add()));
  auto listed = value_of(on.session().replays(on.owner(), to.id));
  CHECK(listed.size() <= std::size_t{db::replays_kept});
  REQUIRE(listed.size() > 2);
  CHECK(listed[0].id == ids.back());
  CHECK(listed[1].id == ids[ids.size() - 2]);
}
