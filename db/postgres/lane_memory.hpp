#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "db/model/lanes.hpp"
#include "db/model/time.hpp"

namespace sluice::db::postgres {

/// What a session remembers of the queue's lanes from one claim to the next;
/// a move without one counts as a claim.
///
/// Where to begin to look for due items: each claimed item leaves a dead entry
/// in the index until the next vacuum (500 000 of them cost a claim 45 ms), so
/// a busy session begins in each lane near the items that it took last, and in
/// a lane without items near the time when it saw that. Older ones that come
/// back meanwhile, by a release on another session or by an operator's hand,
/// are seen by the next look at everything: when there is nothing else, and at
/// least once a second.
///
/// Which lanes have more: a lane leaves a part of a claim only to such ones, so
/// that a claim is one search where one lane has all. Each counts as such again
/// with every look at everything, until a claim finds nothing there.
class lane_memory {
public:
  using clock = std::chrono::steady_clock;
  using times = std::array<std::optional<timestamp>, lane_count>;

  /// How the next claim is to look.
  struct hint {
    clock::time_point asked_at;
    bool looks_at_all = false;
    /// None: from the beginning.
    times floors;
    /// Lanes that are likely to have items, a bit for each.
    unsigned busy = 0;
  };

  /// What a claim saw.
  struct look {
    /// By the clock that items are due by.
    timestamp at;
    /// Lanes in which nothing more was due, a bit for each.
    unsigned spent = 0;
    bool saw_all = false;
    /// Of the items that were taken.
    times newest{};

    void took(int lane, timestamp due) {
      auto &so_far = newest.at(static_cast<std::size_t>(lane));
      so_far = std::max(so_far, std::optional(due));
    }
  };

  hint recall(clock::time_point now) const {
    auto is_long_ago = now - looked_at_all_ >= std::chrono::seconds(1);
    if (is_long_ago || floors_ == times{})
      return {now, true, {}, all_lanes};
    return {now, false, floors_, busy_};
  }

  void note(const look &seen, clock::time_point asked_at) {
    if (seen.saw_all) {
      looked_at_all_ = asked_at;
      floors_ = {};
      busy_ = all_lanes;
    }
    auto is_any = seen.newest != times{};
    for (std::size_t lane = 0; lane < floors_.size(); ++lane) {
      auto bit = 1U << lane;
      auto is_spent = (seen.spent & bit) != 0;
      if (seen.newest[lane])
        raise(lane, *seen.newest[lane]);
      else if (is_any && is_spent)
        raise(lane, seen.at);
      if (is_spent)
        busy_ &= ~bit;
      else if (seen.newest[lane])
        busy_ |= bit;
    }
  }

  /// Items may have come back: look at everything.
  void forget() { floors_ = {}; }

private:
  static constexpr unsigned all_lanes = (1U << lane_count) - 1;

  /// The margin is for transactions that began earlier and commit later.
  void raise(std::size_t lane, timestamp due) {
    floors_[lane] =
        std::max(floors_[lane], std::optional(due - std::chrono::seconds(1)));
  }

  clock::time_point looked_at_all_;
  times floors_;
  unsigned busy_ = 0;
};

} // namespace sluice::db::postgres
