#include "actors/control/write_watch.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;
using actors::write_watch;
using kind = write_watch::kind;

namespace {

constexpr auto patience = 2s;

/// A watch, and a clock that is moved by hand.
struct watch_fixture {
  void make(kind what) { watch.end(what, watch.begin(now), nullptr, now); }

  void fail(kind what, const std::string &text = "full",
            db::errc code = db::errc::unavailable,
            std::chrono::milliseconds took = 0ms) {
    const auto begun = watch.begin(now);
    now += took;
    const db::error failure{code, text, {}, {}};
    watch.end(what, begun, &failure, now);
  }

  std::optional<std::string> trouble() const {
    return watch.trouble(patience, now);
  }

  write_watch watch;
  write_watch::time_point now{100h};
};

} // namespace

TEST_CASE_METHOD(watch_fixture, "changes that fail are told after a moment") {
  const auto what = GENERATE(kind::commit, kind::heartbeat);
  make(what);
  CHECK_FALSE(trouble());
  fail(what);
  CHECK(watch.is_failing());
  CHECK_FALSE(trouble());
  now += 1999ms;
  CHECK_FALSE(trouble());
  now += 1ms;
  CHECK(trouble() == "full");
  make(what);
  CHECK_FALSE(trouble());
  CHECK_FALSE(watch.is_failing());
}

TEST_CASE_METHOD(watch_fixture, "a failure counts from when it began") {
  fail(kind::heartbeat, "locked", db::errc::conflict, 2s);
  CHECK(trouble() == "locked");
}

TEST_CASE_METHOD(watch_fixture,
                 "a change that was made while another failed counts") {
  const auto begun = watch.begin(now);
  now += 5s;
  make(kind::commit);
  const db::error failure{db::errc::conflict, "a row", {}, {}};
  watch.end(kind::heartbeat, begun, &failure, now);
  CHECK_FALSE(trouble());
}

TEST_CASE_METHOD(watch_fixture, "events that are refused are no failure") {
  fail(kind::commit, "bad", db::errc::rejected);
  fail(kind::commit, "closed", db::errc::closed);
  now += 1h;
  CHECK_FALSE(trouble());
}

TEST_CASE_METHOD(watch_fixture,
                 "while commits fail a heartbeat proves nothing") {
  fail(kind::commit);
  now += 2s;
  make(kind::heartbeat);
  CHECK(trouble() == "full");
  SECTION("a commit does") {
    make(kind::commit);
    CHECK_FALSE(trouble());
  }
  SECTION("and a heartbeat once nobody commits any more") {
    now += 1s;
    make(kind::heartbeat);
    CHECK_FALSE(trouble());
  }
}

TEST_CASE_METHOD(watch_fixture, "a change that waits for long is told") {
  make(kind::commit);
  const auto begun = watch.begin(now);
  now += 2999ms;
  CHECK_FALSE(trouble());
  now += 1ms;
  REQUIRE(trouble());
  CHECK(actors::is_vague(*trouble()));
  SECTION("until others are made") {
    make(kind::commit);
    CHECK_FALSE(trouble());
  }
  SECTION("and remains so when it fails in the end") {
    const db::error failure{db::errc::conflict, "locked", {}, {}};
    watch.end(kind::upkeep, begun, &failure, now);
    CHECK(trouble() == "locked");
    make(kind::heartbeat);
    CHECK_FALSE(trouble());
  }
  SECTION("or until it is made itself") {
    watch.end(kind::upkeep, begun, nullptr, now);
    CHECK_FALSE(trouble());
  }
}

TEST_CASE_METHOD(watch_fixture, "what fails at once in upkeep is its own") {
  fail(kind::upkeep);
  now += 1h;
  CHECK_FALSE(trouble());
}

TEST_CASE_METHOD(watch_fixture, "the cause is the one that says most") {
  const std::string vague = "a: not done within the call's time";
  fail(kind::heartbeat, vague);
  now += 2s;
  CHECK(trouble() == vague);
  fail(kind::heartbeat, "locked");
  fail(kind::commit, vague);
  CHECK(trouble() == "locked");
  fail(kind::commit, "full");
  CHECK(trouble() == "full");
}
