#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "actors/drill/report.hpp"
#include "actors/gateway.hpp"

namespace sluice::actors {

/// The marked events of one drill, and what their sender was told of each.
/// Thread-safe.
class marked_load {
public:
  marked_load(gateway &door, db::organization_id owner, std::string mark);
  /// Waits for what is under way.
  ~marked_load();
  marked_load(const marked_load &) = delete;
  marked_load &operator=(const marked_load &) = delete;

  /// Fresh events that are not sent yet.
  std::vector<db::new_event> make(int count);
  /// Sends them at once and waits for the answers, which are those in return.
  std::vector<marked_event> send(std::vector<db::new_event> events);
  std::vector<marked_event> send(int count) { return send(make(count)); }

  /// Sends so many on a thread of its own, evenly over the time.
  void begin(int count, std::chrono::milliseconds over);
  /// Waits until that is done, or breaks it off after what is under way.
  void finish();
  void break_off();
  /// Whether nothing more will come of `begin`.
  bool is_done() const { return is_done_; }

  std::vector<marked_event> sent() const;
  /// How many were taken so far.
  int taken() const;

private:
  gateway &door_;
  db::organization_id owner_;
  std::string mark_;
  mutable std::mutex mutex_;
  std::vector<marked_event> sent_;
  std::atomic<int> made_{0};
  std::atomic<bool> is_done_{true};
  std::jthread sender_;
};

} // namespace sluice::actors
