#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "config/fault.hpp"
#include "config/interpret.hpp"

namespace sluice::config {

/// A value that a file gives to a key, known or not.
struct file_entry {
  /// `processor.max_concurrency`; a part that holds a dot is in quotes.
  std::string key;
  typed_value found;
  origin where;
};

/// Reads a TOML file of 1 MiB at the most and lists its values line by line.
/// A table that is no section is listed as one `unfit` value. The fault says
/// why the file can't be read, or the first place that is not TOML; it quotes
/// no value. What is read stood in the file at one moment, also when somebody
/// writes to it. Never waits, whatever the path names.
tl::expected<std::vector<file_entry>, fault>
read_toml_file(const std::filesystem::path &path);

} // namespace sluice::config
