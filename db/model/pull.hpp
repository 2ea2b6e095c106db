#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "db/model/ids.hpp"
#include "db/model/inbox.hpp"
#include "db/model/time.hpp"

/// What is asked and answered about events that their receivers fetch.
namespace sluice::db {

/// Who asks for events, and for how long they are to be theirs.
struct pull_request {
  organization_id organization;
  /// A fresh id; the fence of this claim.
  claim_id fence;
  /// An endpoint that is pulled from; none: the inbox.
  std::optional<endpoint_id> endpoint;
  /// At least 1.
  int limit = 1;
  /// After this long others may have them, by the store's clock.
  std::chrono::milliseconds lease{};
};

struct pull_claim {
  enum class kind : std::uint8_t {
    taken,
    /// The endpoint is not the organization's, or was removed.
    no_endpoint,
    /// The endpoint is sent to, not pulled from.
    is_pushed,
  };
  kind what = kind::taken;
  /// When the claim began and when it ends, by the store's clock.
  timestamp claimed_at{};
  timestamp lease_until{};
  /// None is a normal result. `attempts` counts how often an event of the
  /// inbox was handed out, with this time.
  std::vector<inbox_entry> events;
};

/// What a puller wants of events that it has claimed.
struct pull_order {
  enum class kind : std::uint8_t {
    /// They are done with: delivered.
    acknowledge,
    /// Others may have them, at once.
    release,
    /// They are to stay its own for `lease` from now.
    extend,
  };
  organization_id organization{};
  /// Of the claim.
  claim_id fence{};
  kind what = kind::acknowledge;
  /// Empty: all that the claim still holds.
  std::vector<event_id> ids{};
  std::chrono::milliseconds lease{};
};

enum class pull_outcome : std::uint8_t {
  /// As was asked, by this call.
  done,
  /// This claim has acknowledged it before.
  already,
  /// The claim does not hold it any more: its time was over, and it was, or
  /// may be, handed to another; or it was settled otherwise. Nothing changed.
  lost,
  /// Not in this organization's log.
  not_found,
};

struct pulled_event {
  event_id id;
  pull_outcome what = pull_outcome::done;

  bool operator==(const pulled_event &) const = default;
};

struct pull_answer {
  /// One for each id of the order, in its order; an id may be named twice. Of
  /// an order without ids: those that the claim held.
  std::vector<pulled_event> events;
  /// After `extend`: until when they are held.
  timestamp lease_until{};
};

} // namespace sluice::db
