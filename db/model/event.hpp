#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/model/ids.hpp"
#include "db/model/time.hpp"

namespace sluice::db {

using sha256_digest = std::array<std::uint8_t, 32>;

/// SHA-256 of `bytes` (FIPS 180-4). Thread-safe.
sha256_digest sha256(std::string_view bytes);

/// Which of a client's two names for a request makes it a repeat. They are
/// separate: a `dedup_id` never meets an `Idempotency-Key` of the same text.
enum class dedup_scope : std::uint8_t {
  /// The event's own `dedup_id`, kept with the event.
  event,
  /// The request's `Idempotency-Key` header, kept only as a key.
  request,
};

struct dedup_key {
  dedup_scope scope = dedup_scope::event;
  /// 1 to 255 bytes of UTF-8.
  std::string text;
};

/// An event on its way in. Its id is given once, here, and never changes.
/// `type` and `payload` were validated: UTF-8, no NUL.
struct new_event {
  event_id id;
  organization_id organization;
  std::string type;
  /// The bytes of a JSON object as the client sent them.
  std::string payload;
  std::optional<dedup_key> key;
  /// Where in the queue it goes, see `db/model/lanes.hpp`.
  int lane = 0;
};

/// How one event of a batch fared; same order as the batch.
struct accept_outcome {
  enum class kind : std::uint8_t {
    /// In the queue under its own id, durable.
    accepted,
    /// In the log under its own id, durable: the gate stands at `sync`.
    created,
    /// An earlier event had its key, and the same type and payload; nothing
    /// was written. `id` is that event's.
    duplicate,
    /// An earlier event had its key but other contents; nothing was written.
    /// `id` is that event's.
    mismatch,
  };
  kind what = kind::accepted;
  event_id id;
};

enum class item_status : std::uint8_t { pending, processing, quarantined };

/// As stored in `event_queue.status`.
std::string_view to_string(item_status status);
/// Nothing for any other text.
std::optional<item_status> parse_item_status(std::string_view text);

/// A row of `event_queue` that was claimed. The payload stays in the database.
struct claimed_item {
  event_id id;
  /// Failed attempts before this one.
  int attempts = 0;
  organization_id organization{};
};

/// Items that one worker holds, under one fence.
struct claim {
  claim_id id;
  std::vector<claimed_item> items;
  /// There are no items because the gate stands at `paused` or `drained`.
  bool is_paused = false;
};

enum class delivery_status : std::uint8_t {
  pending,
  sending,
  delivered,
  failed,
  dead_letter,
  skipped,
};

/// As stored in `event_deliveries.status`.
std::string_view to_string(delivery_status status);
std::optional<delivery_status> parse_delivery_status(std::string_view text);

/// One event's duty to one endpoint.
struct delivery {
  uuid id;
  uuid endpoint;
  delivery_status status = delivery_status::pending;
  int attempts = 0;
  std::optional<int> response_status;
  std::string last_error;
  timestamp updated_at{};
};

/// Where an event is at this moment.
struct event_view {
  enum class place : std::uint8_t {
    queued,
    processing,
    quarantined,
    stored,
    discarded,
  };
  place where = place::queued;
  event_id id;
  std::string type;
  std::string payload;
  std::optional<std::string> dedup_id;
  timestamp accepted_at{};
  /// When it reached the log; only with `stored`.
  std::optional<timestamp> stored_at;
  /// Failed attempts in the queue; 0 once stored.
  int attempts = 0;
  std::string last_error;
  std::vector<delivery> deliveries;
};

/// As `GET /api/events/{id}` names it.
std::string_view to_string(event_view::place where);

} // namespace sluice::db
