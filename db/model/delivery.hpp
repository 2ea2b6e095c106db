#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/model/endpoint.hpp"
#include "db/model/event.hpp"

/// What is asked and answered about deliveries to webhooks.
namespace sluice::db {

/// How many deliveries an endpoint has room for.
struct delivery_share {
  endpoint_id endpoint;
  /// At least 1.
  int limit = 1;
};

/// Who asks to send which deliveries.
struct delivery_request {
  node_id node;
  /// A fresh id; the fence of this claim.
  claim_id fence;
  /// After this long others may take them, by the store's clock.
  std::chrono::milliseconds lease{};
  /// At least 1: in all.
  int limit = 1;
  std::vector<delivery_share> shares;
};

/// A delivery that is to be sent, with all that is sent.
struct claimed_delivery {
  delivery_id id;
  endpoint_id endpoint;
  organization_id organization;
  event_id event;
  std::string type;
  std::string payload;
  timestamp accepted_at{};
  /// Attempts, with this one.
  int attempts = 1;
};

struct delivery_claim {
  claim_id fence;
  std::vector<claimed_delivery> deliveries;
  /// There are none because the gate's `delivery` stands at `paused`.
  bool is_paused = false;
};

/// What became of an attempt.
struct delivery_result {
  enum class kind : std::uint8_t {
    delivered,
    /// Failed; to be tried again after `retry_in`.
    retry,
    /// Failed, and never to be tried again unless somebody asks for it.
    dead_letter,
    /// Nothing was sent: due again after `retry_in`, and counts for nothing.
    /// The rest is not looked at.
    returned,
  };
  delivery_id id;
  organization_id organization;
  /// Under which it was claimed.
  claim_id fence;
  kind what = kind::delivered;
  std::chrono::milliseconds retry_in{0};
  /// How long ago the attempt began, and how long it took.
  std::chrono::microseconds begun_ago{0};
  std::chrono::microseconds duration{0};
  /// What the endpoint answered, if it did.
  std::optional<int> response_status;
  /// One line; empty when it was delivered.
  std::string error;
  /// The beginning of the answer, at most 1 KiB of any bytes.
  std::string response_head;
};

struct record_outcome {
  int recorded = 0;
  /// Deliveries that did not carry the fence any more: somebody else has them,
  /// or they were settled otherwise. Normal after a lease ran out.
  int lost = 0;
};

/// When a delivery that is being sent counts as stuck: its lease ran out, or
/// its node had no heartbeat for this long.
struct delivery_rescue {
  std::chrono::milliseconds node_dead_after{};
  /// One that was sent so often, and rescued again, is a dead letter.
  int max_attempts = 20;
  /// Rescued at the most, in one call.
  int limit = 1000;
};

/// What the sender of deliveries found out about an endpoint.
struct endpoint_note {
  enum class kind : std::uint8_t {
    /// Something arrived there: `failing_since` is forgotten.
    well,
    /// Nothing does: `failing_since` is now, unless it is set.
    failing,
    /// It is to be parked, if it is active; `reason` says why.
    park,
  };
  endpoint_id endpoint;
  organization_id organization;
  kind what = kind::well;
  std::string reason;
};

/// An attempt as it is kept.
struct attempt_record {
  delivery_id delivery;
  endpoint_id endpoint;
  timestamp attempted_at{};
  std::chrono::microseconds duration{0};
  std::optional<int> response_status;
  std::string error;
  std::string response_head;
};

/// Deliveries to webhooks, each counted up to a limit.
struct delivery_depth {
  std::int64_t pending = 0;
  /// Being sent now.
  std::int64_t sending = 0;
  /// Failed before, and to be tried again.
  std::int64_t failing = 0;
  std::int64_t dead_letter = 0;
};

/// Deliveries that are to be made again.
struct replay_order {
  organization_id organization{};
  /// To this endpoint; none: to all that had the event.
  std::optional<endpoint_id> endpoint{};
  /// Of this event; none: of all that were stored from `since` on, and before
  /// `until`.
  std::optional<event_id> event{};
  std::optional<timestamp> since{};
  std::optional<timestamp> until{};
  /// Only dead letters.
  bool dead_letters_only = false;
  /// Only those behind this delivery, and only so many: a long replay is made
  /// in steps.
  std::optional<delivery_id> after{};
  int limit = 1000;
  /// Deliveries that are looked at, at the most; 0: ten times the limit.
  int looks = 0;
  /// Only counts.
  bool is_dry_run = false;
};

/// The ids of deliveries begin with the time at which their events came in, by
/// the clock of some node. No delivery of an event that was stored before a
/// replay's `until` has an id that is later than this, whatever that clock
/// says.
inline constexpr std::chrono::hours slack_of_clocks{1};

struct replay_outcome {
  /// Due again by this call, or, in a dry run, that would be.
  int count = 0;
  /// Deliveries that were looked at.
  int examined = 0;
  /// Where the next step begins; none: this was the last one.
  std::optional<delivery_id> next;
};

} // namespace sluice::db
