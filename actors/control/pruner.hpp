#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "actors/control/store_session.hpp"
#include "actors/shared.hpp"

namespace sluice::actors {

/// How long clients have the store to themselves after a step of retention that
/// `took` so long, in a round that has `lasted` so long: less once it is
/// behind.
std::chrono::milliseconds rest_of_step(std::chrono::microseconds took,
                                       std::chrono::microseconds lasted);

/// Removes what is old enough, in rounds of small steps: events, then
/// deliveries, then keys. A step that took long makes the next one smaller.
/// For one thread.
class pruner {
public:
  explicit pruner(parts_ptr parts) : parts_(std::move(parts)) {}

  /// Makes a step. Returns how long to rest: many times as long as it took,
  /// because clients come first, or longer once a round is over.
  std::chrono::milliseconds step(store_session &session);

private:
  /// Nothing when these are kept for ever.
  std::optional<db::prune_request> next_request() const;
  void enter_next();
  /// Returns how long to rest until the next one.
  std::chrono::milliseconds end_round();
  void fit_to(std::chrono::microseconds took);
  void count(const db::prune_outcome &removed);

  parts_ptr parts_;
  db::prunable what_ = db::prunable::events;
  std::string after_;
  int limit_ = 50;
  /// Since the last line in the log.
  long removed_ = 0;
  /// Whether this round has found anything, and how long its steps took.
  bool has_found_ = false;
  std::chrono::microseconds busy_for_{0};
  /// This round, with its rests.
  std::chrono::microseconds lasted_{0};
};

} // namespace sluice::actors
