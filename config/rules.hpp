#pragma once

#include <span>
#include <string_view>

#include "config/settings.hpp"

namespace sluice::config {

/// What two settings have to hold together.
struct rule {
  std::string_view left;
  /// Stands between the two, as in "at most".
  std::string_view relation;
  std::string_view right;
  bool (*holds)(const settings &all) = nullptr;
};

/// All rules. A rule speaks of values that are each in their own range.
std::span<const rule> rules();

} // namespace sluice::config
