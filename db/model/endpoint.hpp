#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/model/ids.hpp"
#include "db/model/time.hpp"

/// Where an organization's events are sent to.
namespace sluice::db {

enum class endpoint_state : std::uint8_t {
  active,
  /// By its owner: deliveries are kept, none is sent.
  paused,
  /// By the service, because nothing arrives there; otherwise as `paused`.
  parked,
};

/// As stored in `endpoints.state`.
std::string_view to_string(endpoint_state state);
/// Nothing for any other text.
std::optional<endpoint_state> parse_endpoint_state(std::string_view text);

/// Who moves: a pulled endpoint is sent nothing, its receiver fetches what
/// waits.
enum class endpoint_mode : std::uint8_t { push, pull };

/// As stored in `endpoints.mode`.
std::string_view to_string(endpoint_mode mode);
/// Nothing for any other text.
std::optional<endpoint_mode> parse_endpoint_mode(std::string_view text);

/// A header of one's own that goes with each request.
struct header_line {
  std::string name;
  std::string value;

  bool operator==(const header_line &) const = default;
};

/// A secret as it is kept: sealed with a key that is not in the database. The
/// store never looks into it.
struct sealed_secret {
  /// Bytes.
  std::string sealed;
  /// None: until another takes its place.
  std::optional<timestamp> expires_at;

  bool operator==(const sealed_secret &) const = default;
};

/// A webhook of an organization.
struct endpoint {
  endpoint_id id;
  organization_id organization;
  /// Checked: `https://...`, or `http://...` where settings allow it.
  std::string url;
  std::string description;
  /// Which events it gets: types as they are, or `invoice.*` for all that
  /// begin with `invoice.`. Empty: all.
  std::vector<std::string> event_types;
  std::vector<header_line> headers;
  /// Requests that it is sent at once, and in a second (0: any number).
  int max_in_flight = 8;
  int rate_per_second = 0;
  endpoint_state state = endpoint_state::active;
  endpoint_mode mode = endpoint_mode::push;
  /// Why, unless it is active; one line.
  std::string state_reason;
  /// The one that `POST /api/webhook/config` sets; one per organization.
  bool is_default = false;
  /// Newest first. With which requests are signed.
  std::vector<sealed_secret> secrets;
  /// Since when nothing has arrived there.
  std::optional<timestamp> failing_since;
  timestamp inserted_at{};
  timestamp updated_at{};
  /// Grows with each change that its owner makes, or that changes its state.
  std::int64_t version = 1;
};

} // namespace sluice::db
