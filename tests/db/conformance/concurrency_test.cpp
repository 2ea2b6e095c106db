#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "tests/db/conformance/bench.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

/// Runs `work(number)` in that many threads and waits for all. What a thread
/// throws is thrown here.
template <class Work>
void in_threads(int count, Work work) {
  std::mutex mutex;
  std::exception_ptr failure;
  std::vector<std::thread> threads;
  for (int number = 0; number < count; ++number)
    threads.emplace_back([&, number] {
      try {
        work(number);
      } catch (...) {
        std::lock_guard guard(mutex);
        failure = std::current_exception();
      }
    });
  for (auto &thread : threads)
    thread.join();
  if (failure)
    std::rethrow_exception(failure);
}

/// Repeats a call for as long as others are in its way.
template <class Call>
auto persist(Call call) {
  for (int attempt = 0;; ++attempt) {
    auto answer = call();
    if (answer || answer.error().code != db::errc::conflict || attempt == 100)
      return value_of(std::move(answer));
  }
}

} // namespace

TEST_CASE("sessions that accept one key at once agree on one winner",
          "[conformance]") {
  bench on(EACH_STORE);
  constexpr int threads = 8;
  constexpr int keys = 25;
  std::mutex mutex;
  std::map<std::string, std::vector<db::accept_outcome>> by_key;
  in_threads(threads, [&](int number) {
    auto session = on.store().connect(db::purpose::intake);
    for (int i = 0; i < keys; ++i) {
      auto key = "key-" + std::to_string(i);
      auto event = make_event(on.owner(), {.dedup_id = key});
      // Some name two keys in one batch, in opposite orders.
      auto extra = make_event(
          on.owner(),
          {.dedup_id = "key-" + std::to_string(number % 2 ? i + 1 : keys - i)});
      auto events = std::vector{event, extra};
      auto outcomes = persist([&] { return session->accept(events, 24h); });
      std::lock_guard guard(mutex);
      by_key[event.key->text].push_back(outcomes.at(0));
      by_key[extra.key->text].push_back(outcomes.at(1));
    }
  });
  for (const auto &[key, outcomes] : by_key) {
    int winners = 0;
    for (const auto &outcome : outcomes) {
      winners += outcome.what == accepted::accepted ? 1 : 0;
      CHECK(outcome.id == outcomes.front().id);
    }
    CHECK(winners == 1);
  }
  CHECK(on.count("event_queue") == static_cast<long>(by_key.size()));
  CHECK(on.store().count("SELECT sum(count) FROM ledger") ==
        static_cast<long>(by_key.size()));
}

TEST_CASE("eight claiming threads share out the items and never exceed the "
          "limit",
          "[conformance]") {
  bench on(EACH_STORE);
  constexpr int items = 600;
  on.accept_some(items);
  std::atomic<int> moved{0};
  std::atomic<int> too_many{0};
  in_threads(8, [&](int) {
    auto session = on.store().connect();
    while (true) {
      auto taken = persist([&] {
        return session->claim_items(
            {on.node().id, db::claim_id::generate(), 7});
      });
      if (taken.items.size() > 7)
        ++too_many;
      if (taken.items.empty())
        break;
      auto ids = tests::ids_of(taken);
      auto outcome = persist([&] { return session->move_each(taken.id, ids); });
      moved += outcome.moved;
      if (outcome.lost > 0)
        ++too_many;
    }
  });
  // With SKIP LOCKED a thread may see nothing while others still hold rows.
  on.move_all();
  CHECK(too_many == 0);
  CHECK(moved <= items);
  CHECK(on.count("events") == items);
  CHECK(on.count("event_deliveries") == items);
  CHECK(on.count("event_queue") == 0);
}

TEST_CASE("rescuers at the same time rescue an item once", "[conformance]") {
  bench on(EACH_STORE);
  constexpr int items = 200;
  on.accept_some(items);
  on.claim(items);
  on.clock().advance(1h);
  std::atomic<int> rescued{0};
  in_threads(6, [&](int) {
    auto session = on.store().connect();
    rescued += persist([&] {
                 return session->rescue(
                     {.stuck = {.stuck_after = 5min, .node_dead_after = 15s},
                      .max_attempts = 5});
               }).rescued;
  });
  CHECK(rescued == items);
  CHECK(on.claim(items).items.at(0).attempts == 1);
}

TEST_CASE("intake, movers and an operator at the same time double nothing",
          "[conformance]") {
  bench on(EACH_STORE);
  constexpr int writers = 3;
  constexpr int batches = 15;
  constexpr int batch_size = 20;
  std::atomic<int> writing{writers};
  in_threads(writers + 4, [&](int number) {
    auto session = on.store().connect();
    if (number < writers) {
      for (int i = 0; i < batches; ++i) {
        auto events = make_events(on.owner(), batch_size);
        persist([&] { return session->accept(events, 24h); });
      }
      --writing;
    } else if (number < writers + 2) {
      while (writing > 0) {
        auto taken = persist([&] {
          return session->claim_items(
              {on.node().id, db::claim_id::generate(), 11});
        });
        auto ids = tests::ids_of(taken);
        if (!ids.empty())
          persist([&] { return session->move_each(taken.id, ids); });
      }
    } else if (number == writers + 2) {
      while (writing > 0)
        persist([&] { return session->move_due({on.node().id, 13}); });
    } else {
      while (writing > 0)
        on.store().execute("UPDATE event_queue SET status = 'pending' WHERE "
                           "status = 'processing'");
    }
  });
  on.store().execute("UPDATE event_queue SET status = 'pending' WHERE status = "
                     "'processing'");
  on.move_all();
  constexpr long all = long{writers} * batches * batch_size;
  CHECK(on.count("events") == all);
  CHECK(on.count("event_deliveries") == all);
  CHECK(on.count("event_queue") == 0);
  CHECK(on.store().count(
            "SELECT sum(count) FROM ledger WHERE kind = 'accepted'") == all);
  CHECK(on.store().count(
            "SELECT sum(count) FROM ledger WHERE kind = 'stored'") == all);
}

TEST_CASE("sessions that ask for a new secret at once get the same",
          "[conformance]") {
  bench on(EACH_STORE);
  std::mutex mutex;
  std::vector<std::string> secrets;
  in_threads(6, [&](int) {
    auto session = on.store().connect();
    auto secret = persist([&] { return session->shared_secret("fresh"); });
    std::lock_guard guard(mutex);
    secrets.push_back(secret);
  });
  CHECK(secrets == std::vector(6, secrets.front()));
}
