#pragma once

#include <optional>
#include <span>
#include <vector>

#include "db/model/delivery.hpp"
#include "db/model/endpoint.hpp"
#include "db/model/error.hpp"
#include "db/model/replay.hpp"

namespace sluice::db {

/// The part of `store` that is about webhooks: where events are sent to, and
/// what becomes of each. The rules of `store` hold.
///
/// A delivery to a webhook is made, `pending` and due, when its event reaches
/// the log; its status tells how far it came:
///
///   pending ──claim──▶ sending ──delivered──▶ delivered
///      ▲                │ ▲ │                     │
///      │◀───returned────┘ │ └──dead letter──▶ dead_letter
///      │           claim  │ retry, rescue         │
///      │                failed                    │
///      └────────────────replay────────────────────┘
///
/// What is pending or failed when its endpoint is removed becomes `skipped`. A
/// row of an inbox has the same table and nothing to do with all this, nor has
/// what waits for an endpoint that is pulled from (see `pull_store`).
class delivery_store {
public:
  delivery_store() = default;
  delivery_store(const delivery_store &) = delete;
  delivery_store &operator=(const delivery_store &) = delete;
  virtual ~delivery_store() = default;

  // -- endpoints ------------------------------------------------------------

  /// Writes a new endpoint with version 1, made and changed now. False when
  /// the organization has `most` already, or, for a default one, when it has a
  /// default one. What reaches the log by a call that begins after this one
  /// has a delivery for it, if it takes the type.
  virtual result<bool> create_endpoint(const endpoint &fresh, int most) = 0;

  /// An organization's endpoints, oldest first.
  virtual result<std::vector<endpoint>> endpoints(organization_id owner) = 0;

  /// Nothing for another's endpoint, and for one that was removed.
  virtual result<std::optional<endpoint>> find_endpoint(organization_id owner,
                                                        endpoint_id id) = 0;

  /// Saves what its owner has changed: all but `id`, `organization`,
  /// `inserted_at`, `updated_at` (which is now) and `failing_since`, which is
  /// forgotten when it becomes active. False, and nothing is written, when it
  /// has another version by now, or is gone. Its version grows by one.
  /// `rejected` when it would be a second default one.
  virtual result<bool> save_endpoint(const endpoint &changed) = 0;

  /// Removes it. Deliveries that wait for it are `skipped` in steps, by
  /// `skip_removed`. False when it is not there.
  virtual result<bool> remove_endpoint(organization_id owner,
                                       endpoint_id id) = 0;

  /// All endpoints that are sent to and active, whoever's they are.
  virtual result<std::vector<endpoint>> active_endpoints() = 0;

  /// Writes down what was found out about endpoints. Returns how many were
  /// parked.
  virtual result<int> note_endpoints(std::span<const endpoint_note> notes) = 0;

  // -- deliveries -----------------------------------------------------------

  /// Marks deliveries that are due as `sending` under a fresh fence, and counts
  /// the attempt: for each endpoint up to its share, those longest due first;
  /// where all shares are more than the limit, the first ones are served.
  /// Deliveries locked by others are passed over; one whose event is gone is
  /// `skipped`. None of an endpoint that is not active or is pulled from, and
  /// none at all while the gate's `delivery` stands at `paused`, in this very
  /// transaction: a change of the gate is a barrier for this call as for
  /// `claim_items`.
  virtual result<delivery_claim>
  claim_deliveries(const delivery_request &request) = 0;

  /// Writes down what became of attempts, each if it still carries its fence,
  /// with a row of `delivery_attempts`. Errors are cut to one line of 1000
  /// bytes. May be repeated: what was recorded is `lost` then.
  virtual result<record_outcome>
  record_deliveries(std::span<const delivery_result> results) = 0;

  /// Makes deliveries due again whose sender is gone. The attempt counts: it
  /// may have been made. So are those that a puller left to an endpoint that is
  /// sent to by now, or was removed; these count no attempt. May be called by
  /// any node, at any rate. Returns how many, those included that became dead
  /// letters.
  virtual result<int> rescue_deliveries(const delivery_rescue &request) = 0;

  /// Skips up to `limit` deliveries that wait for endpoints that were removed.
  /// Returns how many.
  virtual result<int> skip_removed(int limit) = 0;

  /// The attempts to deliver an event, oldest first, up to `limit`.
  virtual result<std::vector<attempt_record>>
  delivery_attempts(organization_id owner, event_id event, int limit) = 0;

  /// Counts deliveries to webhooks, each up to `limit`. Reads no more entries
  /// of an index than it counts.
  virtual result<delivery_depth> count_deliveries(int limit) = 0;

  /// Makes deliveries due again that were settled, as if they had never been
  /// tried, one step of a replay; those of endpoints that were removed are
  /// passed over. A step looks at ten times its limit at the most, or as its
  /// order says, so it may find fewer, or none, and have a `next`.
  virtual result<replay_outcome>
  replay_deliveries(const replay_order &order) = 0;

  // -- replays --------------------------------------------------------------

  /// Writes down that a replay is to be made, unless `most` of its organization
  /// are running. Nothing is due again before the first step.
  virtual result<replay_beginning> begin_replay(const replay_request &fresh,
                                                int most) = 0;

  /// One step of the replay whose step has been due for longest: makes up to
  /// `limit` deliveries due again, fewer where its rate says so, and writes
  /// down how far it has come, in one transaction. So who goes on after a crash
  /// goes on exactly there. May be called by any node at any time; a replay
  /// that another one works on is passed over. One whose endpoint was removed
  /// has failed.
  virtual result<replay_progress> continue_replays(int limit) = 0;

  /// Nothing for another organization's.
  virtual result<std::optional<replay_job>> find_replay(organization_id owner,
                                                        replay_id id) = 0;

  /// The replays to an endpoint, the newest first, all that are kept.
  virtual result<std::vector<replay_job>> replays(organization_id owner,
                                                  endpoint_id endpoint) = 0;

  /// Ends a replay that is running. Once it has returned the replay makes
  /// nothing due any more; what it has made due stays so. Returns it as it is
  /// then; nothing for another organization's.
  virtual result<std::optional<replay_job>> cancel_replay(organization_id owner,
                                                          replay_id id) = 0;
};

} // namespace sluice::db
