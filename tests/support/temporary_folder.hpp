#pragma once

#include <filesystem>

namespace sluice::tests {

/// A fresh folder of its own below the system's temporary folder; removed
/// with everything in it when it goes.
class temporary_folder {
public:
  temporary_folder();
  temporary_folder(const temporary_folder &) = delete;
  temporary_folder &operator=(const temporary_folder &) = delete;
  ~temporary_folder();

  const std::filesystem::path &path() const { return path_; }

private:
  std::filesystem::path path_;
};

} // namespace sluice::tests
