#pragma once

#include <filesystem>

namespace sluice::tools {

/// How long a disk takes to keep one page, in milliseconds.
struct sync_times {
  double median = 0;
  double p99 = 0;
};

/// Writes pages of 4 KiB into a file of this folder for half a second, each
/// with an fdatasync, which is what a database waits for at a COMMIT. Throws
/// `bench_failure`.
sync_times measure_disk(const std::filesystem::path &folder);

} // namespace sluice::tools
