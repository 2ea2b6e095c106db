#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "db/store.hpp"

namespace sluice::actors {

/// A node that is on nobody's list, and whose items it takes.
struct drill_ghost {
  db::organization_id owner;
  db::node_id node;
};

/// The faults that drills make: on this node alone, between its parts and the
/// store. Each ends by itself when its time is over, whatever becomes of
/// whoever made it. Thread-safe.
class drill_faults {
public:
  using clock = std::chrono::steady_clock;
  using milliseconds = std::chrono::milliseconds;

  /// The database can't be reached for so long.
  void cut_off(milliseconds span);
  bool is_cut_off() const;

  /// The log refuses these events for so long.
  void poison(const std::set<db::event_id> &ids, milliseconds span);
  /// How often it has refused this one since.
  int refusals(db::event_id id) const;

  /// For so long the ghost is quicker than this node at claiming its
  /// organization's items, and does nothing with them.
  void strand(drill_ghost ghost, milliseconds span);
  /// How many items it has taken since.
  int stranded() const;

  /// For so long the endpoint with this URL answers nobody.
  void keep_from_answering(std::string url, milliseconds span);
  /// How many requests have waited for its answer at once.
  int most_waiting() const;

  /// Ends all of them at once. Whoever waits for an answer gets it, on the
  /// caller's thread.
  void clear();

  // -- for whoever makes them felt -------------------------------------------

  /// Leave for one move without a claim, as long as it is held; none while one
  /// of them is about items that are claimed. Such a fault, when it is made,
  /// waits for those who have it.
  std::optional<std::shared_lock<std::shared_mutex>> may_move();
  std::optional<drill_ghost> ghost() const;
  void note_stranded(std::size_t count);
  /// Remembers a claim that has poison in it.
  void note_claim(const db::claim &taken);
  bool has_poison(db::claim_id fence) const;
  /// Whether the log refuses it; counted.
  bool refuse(db::event_id id);
  /// Whether a request to this URL waits; then `answer` is called later.
  bool keep_waiting(const std::string &url, std::function<void()> answer);

private:
  bool is_on(clock::time_point until) const { return clock::now() < until; }

  /// Of the clock, so that a call that nothing happens to takes no lock.
  std::atomic<clock::rep> cut_off_until_{0};
  std::atomic<bool> has_others_{false};
  /// Taken before the other.
  std::shared_mutex moves_;
  mutable std::mutex mutex_;
  std::map<db::event_id, int> poisoned_;
  std::set<db::claim_id> poisoned_claims_;
  clock::time_point poisoned_until_{};
  drill_ghost ghost_{};
  clock::time_point ghost_until_{};
  int stranded_ = 0;
  std::string mute_url_;
  clock::time_point mute_until_{};
  std::vector<std::function<void()>> waiting_;
  int most_waiting_ = 0;
};

} // namespace sluice::actors
