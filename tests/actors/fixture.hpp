#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "actors/control/store_session.hpp"
#include "actors/counters.hpp"
#include "actors/runtime.hpp"
#include "tests/support/factories.hpp"
#include "tests/support/faulty_store.hpp"
#include "tests/support/store_under_test.hpp"

namespace sluice::tests {

/// An SQLite store with one organization, behind a source that fails as
/// planned.
struct faulty_fixture {
  faulty_fixture();

  fault_plan &plan() { return source->plan(); }
  /// Rows that SQL counts.
  long count(const std::string &sql) { return store->count(sql); }
  /// Puts events into the queue, past the faults, and claims them.
  db::claim claimed(const std::vector<db::new_event> &events);

  std::unique_ptr<store_under_test> store;
  tenant owner;
  std::shared_ptr<faulty_source> source;
  actors::counters counts;
};

/// SQL that counts the items that wait in the queue.
inline constexpr char queued[] = "SELECT count(*) FROM event_queue";
/// And those in the log.
inline constexpr char stored[] = "SELECT count(*) FROM events";

/// Waits until `is_true`, a few seconds at the most; what it answered last.
bool eventually(const std::function<bool()> &is_true);

/// Settings with which a service under test wastes no time.
config::settings quick_settings();

} // namespace sluice::tests
