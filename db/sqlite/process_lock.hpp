#pragma once

#include <cstdint>
#include <filesystem>

#include "db/model/error.hpp"

namespace sluice::db::sqlite {

/// Makes this process the only one that works on a database file: holds an
/// exclusive lock on `PATH.lock` for as long as the object lives. The kernel
/// gives the lock back when the process ends, however it ends; the file stays
/// and names the last holder.
class process_lock {
public:
  /// `locked` when another holder has it, naming the file and the holder's
  /// process id; `unavailable` when the file can't be made.
  static result<process_lock> acquire(const std::filesystem::path &database);

  process_lock(process_lock &&other) noexcept;
  process_lock &operator=(process_lock &&) = delete;
  ~process_lock();

private:
  explicit process_lock(int file) : file_(file) {}

  int file_ = -1;
};

/// The process that holds the lock of a database file, by the kernel's list of
/// locks, without touching it; 0: none does, or it can't be seen from here.
std::int64_t holder_of_lock(const std::filesystem::path &database);

} // namespace sluice::db::sqlite
