#include "actors/queue/poll_pacer.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using sluice::actors::poll_intervals;
using sluice::actors::poll_pacer;

namespace {

const poll_intervals intervals{.min = 100ms, .max = 800ms, .idle = 30s};
const poll_pacer::time_point start{1000s};

} // namespace

TEST_CASE("a fresh pacer polls at once") {
  poll_pacer pacer(intervals);
  CHECK(pacer.next() <= start);
}

TEST_CASE("a full claim is followed by the next one at once") {
  poll_pacer pacer(intervals);
  pacer.claimed(500, true, start);
  CHECK(pacer.next() == start);
}

TEST_CASE("what yields rests for several times as long as it worked") {
  poll_pacer pacer(intervals);
  pacer.claimed(500, false, start);
  pacer.yielded(60ms, start + 60ms);
  CHECK(pacer.next() == start + 300ms);
  pacer.woken(start + 70ms);
  CHECK(pacer.next() == start + 300ms);
}

TEST_CASE("however long that was, it goes on after half a second") {
  poll_pacer pacer(intervals);
  pacer.yielded(10s, start);
  CHECK(pacer.next() == start + 500ms);
}

TEST_CASE("who has little to yield keeps the shortest interval") {
  poll_pacer pacer(intervals);
  pacer.claimed(500, false, start);
  pacer.yielded(1ms, start + 1ms);
  CHECK(pacer.next() == start + 100ms);
}

TEST_CASE("an order to look waits for nobody") {
  poll_pacer pacer(intervals);
  pacer.yielded(60ms, start);
  pacer.asked();
  CHECK(pacer.next() <= start);
}

TEST_CASE("without a wake-up a partial claim waits the shortest interval") {
  poll_pacer pacer(intervals);
  pacer.claimed(3, false, start);
  CHECK(pacer.next() == start + 100ms);
}

TEST_CASE("empty claims wait longer and longer, up to the maximum") {
  poll_pacer pacer(intervals);
  pacer.claimed(0, false, start);
  CHECK(pacer.next() == start + 100ms);
  pacer.claimed(0, false, start);
  CHECK(pacer.next() == start + 200ms);
  pacer.claimed(0, false, start);
  pacer.claimed(0, false, start);
  CHECK(pacer.next() == start + 800ms);
  pacer.claimed(0, false, start);
  CHECK(pacer.next() == start + 800ms);
}

TEST_CASE("a queue that stays empty is polled at the idle interval") {
  poll_pacer pacer(intervals);
  for (int poll = 0; poll < 10; ++poll)
    pacer.claimed(0, false, start);
  CHECK(pacer.next() == start + 30s);
}

TEST_CASE("a wake-up after a long pause polls at once") {
  poll_pacer pacer(intervals);
  for (int poll = 0; poll < 10; ++poll)
    pacer.claimed(0, false, start);
  pacer.woken(start + 5s);
  CHECK(pacer.next() == start + 5s);
}

TEST_CASE("wake-ups in a row poll no more often than the shortest interval") {
  poll_pacer pacer(intervals);
  pacer.claimed(25, false, start);
  pacer.woken(start + 10ms);
  CHECK(pacer.next() == start + 100ms);
}

TEST_CASE("a wake-up after a few items soon leads to a poll") {
  poll_pacer pacer(intervals);
  pacer.claimed(1, false, start);
  pacer.woken(start + 1ms);
  CHECK(pacer.next() == start + 4ms);
  pacer.claimed(5, false, start);
  pacer.woken(start + 1ms);
  CHECK(pacer.next() == start + 20ms);
}

TEST_CASE("a claim that was cut short is followed by the next at once") {
  poll_pacer pacer(intervals);
  pacer.claimed(10, true, start);
  CHECK(pacer.next() == start);
}

TEST_CASE("a wake-up never delays a poll that was planned sooner") {
  poll_pacer pacer(intervals);
  pacer.claimed(500, true, start);
  pacer.woken(start + 1ms);
  CHECK(pacer.next() == start);
}

TEST_CASE("an item that will be due is polled for when it is") {
  poll_pacer pacer(intervals);
  for (int poll = 0; poll < 10; ++poll)
    pacer.claimed(0, false, start);
  pacer.due_in(3s, start);
  CHECK(pacer.next() == start + 3s);
  pacer.due_in(9s, start);
  CHECK(pacer.next() == start + 3s);
}

TEST_CASE("polls that find nothing do not put off what will be due") {
  poll_pacer pacer(intervals);
  pacer.due_in(3s, start);
  for (int poll = 0; poll < 10; ++poll)
    pacer.claimed(0, false, start);
  CHECK(pacer.next() == start + 3s);
  pacer.claimed(1, false, start + 3s);
  CHECK(pacer.next() == start + 3s + intervals.min);
}

TEST_CASE("after a failure the poll waits for the store") {
  poll_pacer pacer(intervals);
  pacer.claimed(500, true, start);
  pacer.failed(start + 2s);
  CHECK(pacer.next() == start + 2s);
}

TEST_CASE("events after an idle time bring the short intervals back") {
  poll_pacer pacer(intervals);
  for (int poll = 0; poll < 10; ++poll)
    pacer.claimed(0, false, start);
  pacer.claimed(1, false, start + 30s);
  pacer.claimed(0, false, start + 31s);
  CHECK(pacer.next() == start + 31s + 100ms);
}
