#include "db/postgres/lane_memory.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

using db::postgres::lane_memory;

constexpr unsigned all_spent = 0b1111;

/// A memory with claims that follow each other by 10 ms, while items are due
/// by another clock.
struct session_memory {
  lane_memory::hint next() {
    now += 10ms;
    return memory.recall(now);
  }
  void note(lane_memory::look seen) { memory.note(seen, now); }
  /// A first look at everything that found the first lane to have all.
  void begin() {
    next();
    lane_memory::look seen{.at = at, .spent = 0b1110, .saw_all = true};
    seen.took(0, at - 10s);
    note(seen);
  }

  lane_memory memory;
  lane_memory::clock::time_point now{1h};
  db::timestamp at{1000h};
};

} // namespace

TEST_CASE_METHOD(session_memory, "a fresh session looks at everything",
                 "[lane memory]") {
  CHECK(next().looks_at_all);
  CHECK(next().busy == 0b1111);
}

TEST_CASE_METHOD(session_memory, "a lane is begun near what was taken last",
                 "[lane memory]") {
  begin();
  auto hint = next();
  CHECK_FALSE(hint.looks_at_all);
  CHECK(hint.floors[0] == at - 11s);
  lane_memory::look older{.at = at, .spent = 0};
  older.took(0, at - 15s);
  note(older);
  CHECK(next().floors[0] == at - 11s);
}

TEST_CASE_METHOD(session_memory,
                 "a lane without items is begun near when that was seen",
                 "[lane memory]") {
  begin();
  CHECK(next().floors[3] == at - 1s);
}

TEST_CASE_METHOD(session_memory, "lanes that had more are busy",
                 "[lane memory]") {
  begin();
  CHECK(next().busy == 0b0001);
  lane_memory::look seen{.at = at, .spent = 0b0001};
  seen.took(0, at);
  seen.took(2, at);
  note(seen);
  CHECK(next().busy == 0b0100);
}

TEST_CASE_METHOD(session_memory, "a lane that was not reached is tried again",
                 "[lane memory]") {
  next();
  lane_memory::look seen{.at = at, .spent = 0, .saw_all = true};
  seen.took(0, at);
  note(seen);
  CHECK(next().busy == 0b1111);
}

TEST_CASE_METHOD(session_memory, "everything is looked at once a second",
                 "[lane memory]") {
  begin();
  now += 980ms;
  CHECK_FALSE(next().looks_at_all);
  CHECK(next().looks_at_all);
  CHECK(next().busy == 0b1111);
}

TEST_CASE_METHOD(session_memory,
                 "an empty queue, or items that came back, want all looked at",
                 "[lane memory]") {
  begin();
  SECTION("empty") {
    note({.at = at, .spent = all_spent, .saw_all = true});
  }
  SECTION("came back") {
    memory.forget();
  }
  CHECK(next().looks_at_all);
}
