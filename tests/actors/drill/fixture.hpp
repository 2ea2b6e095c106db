#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "actors/drill/drill_runner.hpp"
#include "actors/drill/drillable_source.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/support/fake_webhook_port.hpp"

namespace sluice::tests {

/// What a store does wrong, to the drills' own events at the most.
struct sabotage {
  /// Answers that all were accepted, and drops one of each batch.
  std::atomic<bool> loses{false};
  /// Shows the first event of an inbox twice.
  std::atomic<bool> doubles{false};
  /// Rescues nothing.
  std::atomic<bool> never_rescues{false};
  /// Says that it requeued, and does not.
  std::atomic<bool> never_requeues{false};
  /// Answers `accepted` where it was `created`.
  std::atomic<bool> never_created{false};
  /// No drain comes to its end.
  std::atomic<bool> never_drained{false};
  /// Claims deliveries for one endpoint only, and for good.
  std::atomic<bool> starves_others{false};
  std::mutex mutex;
  std::optional<db::endpoint_id> favourite;
  /// Says that results of deliveries are written down, and does not.
  std::atomic<bool> forgets_results{false};
  /// Gives no session any more.
  std::atomic<bool> stays_away{false};
};

/// Passes all on, except for what the sabotage says.
std::shared_ptr<db::store_source>
sabotaged(std::shared_ptr<db::store_source> inner,
          std::shared_ptr<sabotage> wrong);

/// Times with which a test wastes none.
actors::drill_limits quick_limits();

/// A running service on which drills are held.
struct drill_fixture : faulty_fixture {
  drill_fixture();

  /// Holds one, to its end.
  actors::drill_report hold(actors::drill_kind kind, int events = 60);
  /// Begins one that is to be held.
  actors::drill_report begin(actors::drill_kind kind, int events = 60);
  /// As it is once it is over.
  actors::drill_report ended();
  /// Whether a reason of the newest one contains the text.
  static bool has_reason(const actors::drill_report &report,
                         const std::string &text);
  /// Checks that nothing is left of any drill, and that dials and books are as
  /// they should be. Events that were lost on purpose stay missing.
  void check_is_clean(long missing = 0);

  std::shared_ptr<sabotage> wrong = std::make_shared<sabotage>();
  std::shared_ptr<actors::drillable_source> drillable;
  fake_receivers receivers;
  db::node self = make_node();
  actors::runtime service;
  actors::drill_runner drills;
};

} // namespace sluice::tests
