#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// How a process and its machine are, by the kernel's word. Thread-safe; what
/// can't be read is 0.
namespace sluice::http {

struct process_facts {
  int id = 0;
  double uptime_seconds = 0;
  /// Of all cores together, since it started.
  double cpu_seconds = 0;
  std::int64_t resident_bytes = 0;
  long threads = 0;
  long open_files = 0;
  long most_open_files = 0;
};

struct machine_facts {
  unsigned cores = 0;
  /// Of the last minute.
  double load = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t available_bytes = 0;
};

/// A file system, as far as this process may fill it.
struct disk_facts {
  std::string folder;
  std::int64_t free_bytes = 0;
  std::int64_t total_bytes = 0;
};

/// Of this process.
process_facts read_process();
machine_facts read_machine();
/// Nothing when the folder can't be looked at.
std::optional<disk_facts> read_disk(const std::string &folder);

/// Of this process, since it started.
double cpu_seconds();

} // namespace sluice::http
