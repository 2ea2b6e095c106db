#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/fault.hpp"
#include "config/settings.hpp"

namespace sluice::config {

/// Where settings are looked for, in rising order of precedence.
struct sources {
  /// A file that has to exist. None: the one that `SLUICE_CONFIG` names, which
  /// has to exist too, else `default_file` if there is one.
  std::optional<std::filesystem::path> file;
  std::filesystem::path default_file = "sluice.toml";
  /// `NAME=value` each. Names that do not begin with `SLUICE_` are ignored.
  std::vector<std::string> environment;
  /// `key=value` each; of two for the same key the later one holds.
  std::vector<std::string> overrides;
};

/// Settings that are all in range and fit together.
struct loaded {
  settings values;
  /// Where each came from that does not have its default.
  std::map<std::string, origin, std::less<>> origins;
  /// What the file says, also where another source wins; as `to_text` has it.
  std::map<std::string, std::string, std::less<>> in_file{};
  /// The file that was read, if any.
  std::optional<std::filesystem::path> file;

  origin origin_of(std::string_view key) const;
};

/// The settings, or every fault of every source: first those of the file by
/// line, then the environment by name, then the overrides, then settings that
/// contradict each other. A value that a higher source replaces is checked all
/// the same. Reads one file; changes nothing.
tl::expected<loaded, std::vector<fault>> load(const sources &from);

/// The file that `load` reads, whether it is there or not; empty when its name
/// is.
std::filesystem::path file_of(const sources &from);

/// The environment of this process, as `sources` takes it.
std::vector<std::string> process_environment();

} // namespace sluice::config
