#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/compare.hpp"
#include "db/model/override.hpp"

namespace sluice::actors {

/// The settings of this node, where each comes from, and what stands in the
/// way of those that should hold and don't.
struct settings_view {
  /// What the sources said when they were good last, and what holds.
  config::standing held;
  db::setting_overrides overrides{};
  /// Why the sources can't be used as they are now; empty: they can.
  std::vector<config::fault> faults{};
  /// Of the sources that are used.
  db::timestamp loaded_at{};
  /// What the last load that was not in vain changed, and when.
  std::vector<config::difference> last_changes{};
  db::timestamp changed_at{};
  /// Of this node since it started: attempts to load, and those in vain.
  std::uint64_t loads = 0;
  std::uint64_t failed_loads = 0;
};
using settings_view_ptr = std::shared_ptr<const settings_view>;

/// An operator's change of the overrides.
struct settings_change {
  std::vector<db::override_change::assignment> set;
  std::vector<std::string> unset;
  std::string actor;
  std::string reason;
  /// Nothing is written: what would be different is all that is asked.
  bool is_trial = false;
};

/// What became of it, or of a load.
struct settings_answer {
  /// Why nothing was changed; a key for each. Empty: it was done.
  std::vector<config::fault> faults{};
  /// What this load changed, or a change would.
  std::vector<config::difference> changes{};
  /// How the settings are now.
  settings_view_ptr view;
};

/// In short, for those who watch over the service.
struct settings_state {
  /// Faults of the sources.
  std::size_t faults = 0;
  /// Where the first is; 0 and nothing when that is in no file, or when the
  /// text there is no setting's name.
  int line = 0;
  std::string key{};
  std::size_t skipped_overrides = 0;
  std::size_t waiting_for_restart = 0;
  std::uint64_t loads = 0;
  std::uint64_t failed_loads = 0;
  std::int64_t version = 0;

  bool is_good() const { return faults == 0 && skipped_overrides == 0; }
};

settings_state summary_of(const settings_view &view);

} // namespace sluice::actors
