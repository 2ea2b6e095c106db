#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/model/time.hpp"

namespace sluice::db {

/// A setting that an operator gave another value while the service ran, and
/// who did, when and why. The store knows nothing of settings: keys and values
/// are text to it.
struct setting_override {
  std::string key;
  std::string value;
  std::string changed_by;
  std::string reason;
  timestamp changed_at{};
};

/// All that hold, by key.
struct setting_overrides {
  /// Grows by one with each change.
  std::int64_t version = 0;
  std::vector<setting_override> list;
};

/// What is to become of the overrides; what is not named stays.
struct override_change {
  struct assignment {
    std::string key;
    std::string value;
  };
  /// Carried out after `unset`; of two for one key the later one holds.
  std::vector<assignment> set{};
  /// Those that there are not change nothing.
  std::vector<std::string> unset{};
  /// The change is made only while this is the version.
  std::optional<std::int64_t> expected_version{};
  /// Who and why, for `audit_log` and to be shown; one line each.
  std::string actor{};
  std::string reason{};
};

/// For `audit_log`, each in one line: the keys that a change names, and what
/// becomes of them.
std::string keys_of(const override_change &change);
std::string describe(const override_change &change);

} // namespace sluice::db
