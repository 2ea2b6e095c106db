#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "db/sqlite/connection.hpp"

namespace sluice::db::sqlite {

/// Brings committed frames of the WAL to the disk, outside of the writer's
/// turn: while one commit is synced, the next transactions are already being
/// written, and commits that wait at the same time share one fsync. Together
/// with a COMMIT under `synchronous=NORMAL` this is what `synchronous=FULL`
/// does, in two steps. Thread-safe.
///
/// After an fsync that failed nobody knows which frames are on the disk, and
/// the kernel may report the next fsync as a success: every wait fails then,
/// until `mend` is called.
class wal_sync {
public:
  /// A commit, and the file that it went to.
  struct commit {
    std::uint64_t number = 0;
    std::shared_ptr<connection> on;
  };

  /// The holder of the turn begins a COMMIT, which readers may see from then
  /// on, and says how it ended: with a number for it, or without one.
  void announce();
  commit note(std::shared_ptr<connection> on);
  void withdraw();

  enum class outcome : std::uint8_t {
    on_disk,
    /// An fsync has failed, this commit's or one before.
    failed,
    /// Another thread's fsync was not over by the deadline.
    late,
  };

  /// Waits until the commit is on the disk. An fsync of the caller's own takes
  /// as long as the disk does, whatever the deadline says.
  outcome await(const commit &wanted,
                std::chrono::steady_clock::time_point deadline);

  /// As `await`, for every commit that a reader can have seen by now.
  outcome await_all(std::chrono::steady_clock::time_point deadline);

  /// An fsync has failed elsewhere.
  void distrust();

  bool is_broken() const;

  /// Once nobody syncs any more, nobody begins to while this lives: an fsync
  /// would take the error away from whoever looks after the file. By the
  /// holder of the turn.
  class pause {
  public:
    explicit pause(wal_sync &of);
    ~pause();
    pause(const pause &) = delete;
    pause &operator=(const pause &) = delete;

  private:
    wal_sync &of_;
  };

  /// Every commit so far is on the disk, by other means. In a pause.
  void mend();

private:
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::uint64_t written_ = 0;
  std::uint64_t synced_ = 0;
  /// The connection of the newest commit.
  std::shared_ptr<connection> newest_;
  bool is_committing_ = false;
  bool is_syncing_ = false;
  bool has_failed_ = false;
};

} // namespace sluice::db::sqlite
