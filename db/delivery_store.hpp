#pragma once

#include <optional>
#include <span>
#include <vector>

#include "db/model/delivery.hpp"
#include "db/model/endpoint.hpp"
#include "db/model/error.hpp"

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
/// row of an inbox has the same table and nothing to do with all this.
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

  /// All endpoints that are active, whoever's they are.
  virtual result<std::vector<endpoint>> active_endpoints() = 0;

  /// Writes down what was found out about endpoints. Returns how many were
  /// parked.
  virtual result<int> note_endpoints(std::span<const endpoint_note> notes) = 0;

  // -- deliveries -----------------------------------------------------------

  /// Marks deliveries that are due as `sending` under a fresh fence, and counts
  /// the attempt: for each endpoint up to its share, those longest due first;
  /// where all shares are more than the limit, the first ones are served.
  /// Deliveries locked by others are passed over; one whose event is gone is
  /// `skipped`. None of an endpoint that is not active, and none at all while
  /// the gate's `delivery` stands at `paused`, in this very transaction: a
  /// change of the gate is a barrier for this call as for `claim_items`.
  virtual result<delivery_claim>
  claim_deliveries(const delivery_request &request) = 0;

  /// Writes down what became of attempts, each if it still carries its fence,
  /// with a row of `delivery_attempts`. Errors are cut to one line of 1000
  /// bytes. May be repeated: what was recorded is `lost` then.
  virtual result<record_outcome>
  record_deliveries(std::span<const delivery_result> results) = 0;

  /// Makes deliveries due again whose sender is gone. The attempt counts: it
  /// may have been made. May be called by any node, at any rate. Returns how
  /// many, those included that became dead letters.
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
  /// passed over. A step looks at ten times its limit at the most, so it may
  /// find fewer, or none, and have a `next`.
  virtual result<replay_outcome>
  replay_deliveries(const replay_order &order) = 0;
};

} // namespace sluice::db
