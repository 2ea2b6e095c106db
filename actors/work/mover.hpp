#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "actors/control/store_session.hpp"
#include "actors/counters.hpp"
#include "actors/work/retry_policy.hpp"

namespace sluice::actors {

/// Brings the items of a claim into the log. Those that failed before go
/// first, each for itself; then the others, all together, and each for itself
/// where the store refuses that or refused it of the claim before: bad items
/// seldom come alone. What the store refuses for one item's sake without a word
/// which one, as at a COMMIT, is halved until it stands alone. The bad ones go
/// back to the queue or to quarantine, and cost the others little.
class mover {
public:
  mover(store_session &session, counters &counts, retry_policy policy);

  /// What becomes of items that fail from now on.
  void set(retry_policy policy) { policy_ = policy; }

  /// Begins with a claim; the one before must have been finished.
  void take(db::claim work);

  /// Goes on with the claim: one call of the store, and more until this time is
  /// over. True: nothing is left of it. False: the store is away, or there is
  /// more to do; call again later.
  bool advance(std::chrono::milliseconds most = std::chrono::seconds(1));

  /// Gives the whole claim back after the worker that held it died: each of
  /// its items counts a failed attempt. True when done, false as in `advance`.
  bool abandon(const db::claim &work, std::string_view reason);

  /// The shortest wait of the items that were sent back since `take`; a poll
  /// after it will find them.
  std::optional<std::chrono::milliseconds> earliest_retry() const {
    return earliest_retry_;
  }

private:
  enum class step : std::uint8_t { each, give_up, together, over };

  /// Chooses what `each` moves.
  template <class Predicate>
  void single_out(Predicate is_single);
  bool is_failure(const db::claimed_item &item) const;
  /// How long those items of the claim have waited that are stored now.
  template <class Predicate>
  void note_ages(Predicate is_stored);
  step move_together();
  step move_each();
  /// The halves of the part that was next are next; one item alone has failed.
  void halve(std::string_view reason);
  step after_part();
  step give_up();
  /// What follows an error of the store.
  step after(const db::error &failure);
  void add_failure(db::event_id id, std::string_view reason);

  store_session &session_;
  counters &counts_;
  retry_policy policy_;
  db::claim work_;
  step next_ = step::over;
  /// What `each` moves, the parts of it that are left, the next one last, and
  /// what follows it and `give_up`.
  std::vector<db::event_id> singles_;
  std::vector<std::span<const db::event_id>> parts_;
  step after_singles_ = step::over;
  /// Whether the store refused an item of the last claim that never failed.
  bool expects_refusal_ = false;
  bool is_away_ = false;
  std::vector<db::failure> failures_;
  std::optional<std::chrono::milliseconds> earliest_retry_;
};

} // namespace sluice::actors
