#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "actors/control/store_session.hpp"
#include "actors/counters.hpp"
#include "actors/work/retry_policy.hpp"

namespace sluice::actors {

/// Brings the items of a claim into the log. Items that failed before are
/// moved one by one, fresh ones together; a batch that the store refuses is
/// halved until the bad item stands alone, which then goes back to the queue
/// or to quarantine.
class mover {
public:
  mover(store_session &session, counters &counts, retry_policy policy);

  /// Begins with a claim; the one before must have been finished.
  void take(db::claim work);

  /// Goes on with the claim. True: nothing is left of it. False: the store is
  /// away; call again later.
  bool advance();

  /// Gives the whole claim back after the worker that held it died: each of
  /// its items counts a failed attempt. True when done, false as in `advance`.
  bool abandon(const db::claim &work, std::string_view reason);

  /// The shortest wait of the items that were sent back since `take`; a poll
  /// after it will find them.
  std::optional<std::chrono::milliseconds> earliest_retry() const {
    return earliest_retry_;
  }

private:
  enum class step { done, away };
  using items = std::span<const db::claimed_item>;

  step move(items part);
  step give_up(items part, std::string_view reason);
  void remember_wait(std::chrono::milliseconds wait);

  store_session &session_;
  counters &counts_;
  retry_policy policy_;
  db::claim work_;
  /// Parts of `work_.items` that are still to be moved, the next one last.
  std::vector<items> parts_;
  std::optional<std::chrono::milliseconds> earliest_retry_;
};

} // namespace sluice::actors
