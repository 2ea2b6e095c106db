#pragma once

#include "db/model/error.hpp"
#include "db/model/event_log.hpp"
#include "db/model/pull.hpp"

namespace sluice::db {

/// The part of `store` that is about receivers who fetch. The rules of `store`
/// hold.
///
/// A delivery that a puller holds is `sending` without a node that sends it:
///
///   pending, failed ──claim──▶ sending ──acknowledge──▶ delivered
///         ▲                    │  │ ▲
///         └──────release───────┘  └─┘ claim, once the lease ran out
///
/// So nobody has to look for leases that ran out. Where an endpoint is sent to
/// again, or was removed, `rescue_deliveries` gives back what pullers left.
class pull_store {
public:
  pull_store() = default;
  pull_store(const pull_store &) = delete;
  pull_store &operator=(const pull_store &) = delete;
  virtual ~pull_store() = default;

  /// Marks events of an inbox, or of an endpoint that is pulled from, as held
  /// under a fresh fence until the lease runs out: those that nobody holds,
  /// and those whose lease ran out, oldest first. Those locked by others are
  /// passed over. One whose event is gone is `skipped`, and counts towards the
  /// limit. The dials of the gate don't matter.
  virtual result<pull_claim> claim_pulls(const pull_request &request) = 0;

  /// Does with events what the claim wants, each if it still carries its
  /// fence: an event is lost when another has it. Whose lease ran out without
  /// that can still acknowledge and release, but not extend: others may be
  /// about to have it.
  virtual result<pull_answer> change_pulls(const pull_order &order) = 0;

  /// A page of an organization's log. Who reads on from `reached`, oldest
  /// first, gets each event exactly once, however many write at the same time.
  virtual result<log_page> read_log(const log_query &query) = 0;
};

} // namespace sluice::db
