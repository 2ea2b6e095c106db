#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"
#include "tests/support/temporary_folder.hpp"

namespace sluice::tests {

/// A folder of its own that is removed in the end.
class scratch_folder {
public:
  const std::filesystem::path &path() const { return folder_.path(); }

  /// Writes a file and returns its path.
  std::filesystem::path write(std::string_view name,
                              std::string_view content) const;

private:
  temporary_folder folder_;
};

/// Sources with nothing in them, whatever the working directory holds.
config::sources no_sources();

/// The settings; fails the test, with the faults, when there are none.
config::loaded load_good(const config::sources &from);

/// Each fault as a line, the folder of the file left out.
std::vector<std::string> faults_of(const config::sources &from);

/// The faults of a file `f.toml` with this content.
std::vector<std::string> faults_of_file(std::string_view content);

/// The faults, one a line.
std::string joined(const std::vector<std::string> &faults);

} // namespace sluice::tests
