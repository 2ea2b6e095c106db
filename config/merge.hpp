#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "config/load.hpp"

namespace sluice::config {

/// A value that an operator gave a setting of the running service.
struct override_value {
  std::string key;
  /// As `--set` takes it.
  std::string text;
};

/// The settings of a running service.
struct merged {
  settings values;
  /// Where each came from that does not have its default. Of a setting that
  /// only a start changes, where it comes from at the next one.
  std::map<std::string, origin, std::less<>> origins{};
  /// Overrides that do not hold, by their keys, and why.
  std::vector<fault> skipped{};
  /// Settings that have another value after a restart.
  std::vector<std::string> waiting{};

  origin origin_of(std::string_view key) const;
};

/// What holds in a service that began with `at_start`, now that its sources
/// say `found`: what only a start changes is as it was then. Above it stand
/// the overrides; one that is unknown, not hot, secret, out of range or in
/// contradiction to the rest is skipped. The faults say why `found` can't hold
/// before a restart.
tl::expected<merged, std::vector<fault>>
merge(const settings &at_start, const loaded &found,
      std::span<const override_value> overrides);

/// Why the setting can't be overridden with this value; nothing when it can.
/// The complaint goes behind the key, and never quotes a secret.
std::string check_override(std::string_view key, std::string_view text);

} // namespace sluice::config
