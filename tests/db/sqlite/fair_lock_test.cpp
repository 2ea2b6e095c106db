#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "db/sqlite/fair_lock.hpp"

using sluice::db::sqlite::fair_lock;
using namespace std::chrono_literals;

namespace {

auto soon() {
  return fair_lock::clock::now() + 10s;
}

} // namespace

TEST_CASE("a taken lock is not had before its turn ends", "[sqlite]") {
  fair_lock lock;
  auto first = lock.acquire(soon());
  REQUIRE(first);
  CHECK(!lock.acquire(fair_lock::clock::now() + 20ms));
  first.reset();
  CHECK(lock.acquire(soon()));
}

TEST_CASE("who gave up waiting is passed over", "[sqlite]") {
  fair_lock lock;
  auto first = lock.acquire(soon());
  std::thread impatient(
      [&] { CHECK(!lock.acquire(fair_lock::clock::now() + 5ms)); });
  impatient.join();
  first.reset();
  CHECK(lock.acquire(soon()));
}

TEST_CASE("nobody is starved by one who takes the lock again and again",
          "[sqlite]") {
  fair_lock lock;
  std::atomic<bool> is_done{false};
  std::atomic<int> greedy_turns{0};
  std::thread greedy([&] {
    while (!is_done) {
      auto turn = lock.acquire(soon());
      ++greedy_turns;
      std::this_thread::yield();
    }
  });
  while (greedy_turns == 0)
    std::this_thread::yield();
  int most_overtaken = 0;
  for (int i = 0; i < 200; ++i) {
    int before = greedy_turns;
    auto turn = lock.acquire(soon());
    REQUIRE(turn);
    most_overtaken = std::max(most_overtaken, greedy_turns - before);
  }
  is_done = true;
  greedy.join();
  // It may take many turns before we stand in line, but not while we do; a
  // scheduler that stops us before gives it some.
  CHECK(most_overtaken < 100'000);
}

TEST_CASE("the first line gets every second turn, however long the other",
          "[sqlite]") {
  fair_lock lock;
  auto first = lock.acquire(soon());
  std::mutex mutex;
  std::string order;
  std::vector<std::thread> threads;
  auto queue_up = [&](fair_lock::line where, char name) {
    threads.emplace_back([&, where, name] {
      auto turn = lock.acquire(soon(), where);
      std::lock_guard guard(mutex);
      order += name;
    });
  };
  for (int i = 0; i < 6; ++i)
    queue_up(fair_lock::line::second, 'b');
  for (int i = 0; i < 3; ++i)
    queue_up(fair_lock::line::first, 'a');
  while (lock.waiting() < 9)
    std::this_thread::yield();
  first.reset();
  for (auto &thread : threads)
    thread.join();
  CHECK(order == "abababbbb");
}

TEST_CASE("one at a time has the lock", "[sqlite]") {
  fair_lock lock;
  int counter = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 2000; ++j) {
        auto turn = lock.acquire(soon());
        ++counter;
      }
    });
  for (auto &thread : threads)
    thread.join();
  CHECK(counter == 8000);
}
