#pragma once

#include <filesystem>
#include <string>

namespace sluice::tools {

/// A fresh folder that goes with all its contents when the object goes. Other
/// users may pass through it, but not list it.
class scratch_folder {
public:
  /// Below `parent`; empty: below $TMPDIR or /var/tmp, which unlike /tmp is
  /// on a disk everywhere. Throws `bench_failure`.
  explicit scratch_folder(const std::filesystem::path &parent);
  ~scratch_folder();
  scratch_folder(const scratch_folder &) = delete;
  scratch_folder &operator=(const scratch_folder &) = delete;

  const std::filesystem::path &path() const { return path_; }

private:
  std::filesystem::path path_;
};

} // namespace sluice::tools
