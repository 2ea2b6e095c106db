#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/merge.hpp"

namespace sluice::config {

/// What came of another value in one of the sources.
enum class effect : std::uint8_t {
  /// It holds from now on.
  applied,
  /// It holds after the next start.
  needs_restart,
  /// The file has another value, but a source above it decides.
  outranked,
};

/// `applied`, `restart` or `outranked`.
std::string_view to_string(effect what);

/// One setting that was changed.
struct difference {
  std::string key;
  effect what = effect::applied;
  /// As they may be shown; empty where nothing is set.
  std::string before{};
  std::string after{};
  /// Where the value comes from that holds, or will.
  origin where{};
};

/// What the sources said, and what came of it.
struct standing {
  loaded found;
  merged now;
};

/// What is different, setting by setting.
std::vector<difference> compare(const standing &before, const standing &after);

} // namespace sluice::config
