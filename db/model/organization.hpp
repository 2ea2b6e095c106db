#pragma once

#include <optional>
#include <string>

#include "db/model/event.hpp"

namespace sluice::db {

/// A tenant.
struct organization {
  organization_id id;
  /// 1 to 255 bytes of UTF-8 without control characters.
  std::string name;
  /// `free`, `pro`, `business` or `enterprise`.
  std::string tier;
  int rate_limit_per_minute = 0;
  timestamp inserted_at{};
};

/// An API key as it is kept: never the key, only its SHA-256.
struct api_key {
  api_key_id id;
  organization_id organization;
  sha256_digest hash{};
  /// The first characters of the key, to recognise it by.
  std::string prefix;
  std::optional<timestamp> expires_at;
  timestamp inserted_at{};
};

/// A key that was found and has not expired, with its owner.
struct principal {
  organization owner;
  api_key_id key;
  std::optional<timestamp> expires_at;
};

} // namespace sluice::db
