#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "db/model/backlog.hpp"

namespace sluice::actors {

/// What each organization has waiting in the queue, as far as this node knows,
/// and what follows from it: the lane of its next event, and whether it has had
/// its share of the queue.
///
/// Of the room that is left in the queue, an organization may have a multiple
/// waiting. So one alone fills the queue up to its share; two have less each;
/// and however many they are, there is room for another one.
///
/// Between two counts in the store this node's own doing tells how it changed.
/// Where other nodes claim what this one accepted, that is too much, but never
/// more than waits in all, which is the `depth` that callers give.
///
/// Thread-safe; each call is a look-up under a short lock. Organizations with
/// nothing waiting take no memory, and beyond a hundred thousand that have, the
/// others are taken for small ones.
class tenant_shares {
public:
  /// `percent`: what one organization may fill of the greatest depth if it is
  /// alone; 100: all of it, whatever the others have.
  tenant_shares(long greatest_depth, int percent);

  /// Other limits, from now on.
  void limit(long greatest_depth, int percent);

  /// So many events of an organization are on their way in; returns their lane.
  /// It comes back to the first one when nothing of it waits any more, so that
  /// none overtakes another that was accepted before it.
  int begin(db::organization_id owner, long count, long depth);

  /// Of those that had begun so many went into the queue.
  void settle(db::organization_id owner, long count, long accepted);

  /// Events that have begun and are not settled, of all organizations.
  long on_their_way() const;

  /// So many left the queue.
  void claimed(db::organization_id owner, long count);

  /// How many of its events have to leave the queue before it may bring more;
  /// nothing while it may bring so many. What others have on their way takes
  /// room as well. Closes at the share and opens again a tenth below.
  std::optional<long> excess(db::organization_id owner, long count, long depth);

  /// The store is about to count.
  void begin_count();

  /// What it found, or as much of it as it did. Follows each `begin_count`.
  void note_count(const db::backlogs &found);

  /// Organizations that are known to have something waiting, or on its way.
  std::size_t size() const;

private:
  struct account {
    /// Below 0: claimed before this node knew that they were accepted.
    long waiting = 0;
    long on_its_way = 0;
    /// How `waiting` changed while the store counts.
    long since_count = 0;
    int lane = 0;
    bool is_over = false;
  };
  using accounts = std::unordered_map<db::organization_id, account>;

  account *find_or_add(db::organization_id owner);
  void change(accounts::iterator where, long by);
  accounts::iterator tidy(accounts::iterator where);
  static long estimate(const account &of, long depth);

  std::atomic<long> greatest_;
  std::atomic<int> percent_;
  mutable std::mutex mutex_;
  accounts accounts_;
  /// Of all organizations.
  long on_their_way_ = 0;
  bool is_counting_ = false;
};

} // namespace sluice::actors
