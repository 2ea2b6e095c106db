#include "actors/intake/group_commit.hpp"

#include <catch2/catch.hpp>

#include "tests/actors/fixture.hpp"

using namespace sluice;
using namespace sluice::tests;
using actors::accept_group;
using actors::accept_reply;
using moment = planned_fault::moment;

namespace {

/// A commit under test and the clients that wait for it.
struct commit_fixture : faulty_fixture {
  commit_fixture()
      : session(source, db::purpose::intake), commit(session, counts, writes) {}

  /// Commits the events and returns what their client is told.
  accept_reply run(std::vector<db::new_event> events,
                   std::chrono::seconds patience = std::chrono::seconds(5)) {
    accept_reply told;
    accept_group group;
    group.add(std::move(events), std::chrono::steady_clock::now() + patience,
              [&](auto reply) { told = std::move(*reply); });
    commit.run(group, std::chrono::hours(1));
    return told;
  }

  actors::write_watch writes;
  actors::store_session session;
  actors::group_commit commit;
};

bool all_accepted(const accept_reply &replies) {
  return std::all_of(replies.begin(), replies.end(), [](auto &one) {
    return one && one->what == db::accept_outcome::kind::accepted;
  });
}

bool all_failed(const accept_reply &replies, db::errc code) {
  return std::all_of(replies.begin(), replies.end(), [code](auto &one) {
    return !one && one.error().code == code;
  });
}

} // namespace

TEST_CASE_METHOD(commit_fixture, "a group is one commit") {
  auto replies = run(make_events(owner.id(), 4));
  CHECK(replies.size() == 4);
  CHECK(all_accepted(replies));
  CHECK(plan().calls("accept") == 1);
  CHECK(counts.accepted == 4);
  CHECK(count(queued) == 4);
}

TEST_CASE_METHOD(commit_fixture,
                 "nobody is acknowledged when the commit fails") {
  plan().add({.method = "accept", .code = db::errc::unavailable});
  auto replies = run(make_events(owner.id(), 3));
  CHECK(replies.size() == 3);
  CHECK(all_failed(replies, db::errc::unavailable));
  CHECK(count(queued) == 0);
  CHECK(counts.accepted == 0);
}

TEST_CASE_METHOD(commit_fixture,
                 "an event that the store refuses costs only itself") {
  auto events = make_events(owner.id(), 9);
  store->execute("CREATE TRIGGER refuse BEFORE INSERT ON event_queue WHEN "
                 "NEW.type = 'bad' BEGIN SELECT RAISE(ABORT, 'bad'); END");
  events[4].type = "bad";
  auto replies = run(events);
  for (std::size_t at = 0; at < replies.size(); ++at) {
    INFO("event " << at);
    CHECK(replies[at].has_value() == (at != 4));
  }
  CHECK(replies[4].error().code == db::errc::rejected);
  CHECK(count(queued) == 8);
}

TEST_CASE_METHOD(commit_fixture, "a conflict is tried again") {
  plan().add({.method = "accept", .times = 3, .code = db::errc::conflict});
  CHECK(all_accepted(run(make_events(owner.id(), 2))));
  CHECK(count(queued) == 2);
}

TEST_CASE_METHOD(commit_fixture,
                 "a doubtful commit that happened is acknowledged, once") {
  plan().add({.method = "accept",
              .when = moment::after_effect,
              .code = db::errc::in_doubt});
  CHECK(all_accepted(run(make_events(owner.id(), 2))));
  CHECK(plan().calls("accept") == 1);
  CHECK(count(queued) == 2);
}

TEST_CASE_METHOD(commit_fixture,
                 "a doubtful commit that did not happen is made again") {
  plan().add({.method = "accept",
              .when = moment::before_effect,
              .code = db::errc::in_doubt});
  CHECK(all_accepted(run(make_events(owner.id(), 2))));
  CHECK(plan().calls("accept") == 2);
  CHECK(count(queued) == 2);
}

TEST_CASE_METHOD(commit_fixture,
                 "a doubt that can't be settled in time is told as such") {
  plan().add({.method = "accept",
              .when = moment::after_effect,
              .code = db::errc::in_doubt});
  plan().add({.method = "connect", .call = 2, .times = -1});
  auto replies = run(make_events(owner.id(), 1), std::chrono::seconds(0));
  CHECK(all_failed(replies, db::errc::in_doubt));
}
