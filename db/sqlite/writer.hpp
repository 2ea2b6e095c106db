#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "db/model/error.hpp"
#include "db/sqlite/connection.hpp"
#include "db/sqlite/fair_lock.hpp"

namespace sluice::db::sqlite {

/// The one connection of this process that changes and checkpoints the
/// database, shared by all sessions, first come, first served. Thread-safe.
///
/// After a failure of the medium nothing is written until a probe, a write
/// with its fsync, has succeeded; the probe also settles what a failed COMMIT
/// left behind, because it overwrites the frames of it.
class writer {
public:
  writer(std::string path, std::chrono::milliseconds call_timeout);

  /// Runs `work(connection &)` in a transaction of its own and commits what
  /// it did; rolls back when it throws. `conflict` when the turn did not come
  /// in time, `in_doubt` when the COMMIT failed and the medium does not let
  /// its outcome be settled.
  template <class Work>
  auto run(std::string_view operation, Work work)
      -> result<std::invoke_result_t<Work, connection &>> {
    auto deadline = fair_lock::clock::now() + call_timeout_;
    auto turn = line_.acquire(deadline);
    if (!turn)
      return fail(errc::conflict, late(operation));
    try {
      begin(deadline);
      auto value = work(*connection_);
      commit();
      return value;
    } catch (const std::exception &cause) {
      return tl::unexpected(give_up(operation, cause));
    }
  }

  /// Opens the connection and proves that the medium takes writes, when that
  /// is in question.
  result<void> make_ready();

  /// Applies the migrations that are missing, one transaction each.
  result<int> migrate(timestamp now);

private:
  static std::string late(std::string_view operation);
  static int on_commit(void *self, sqlite3 *database, const char *name,
                       int wal_pages);

  void open_if_needed();
  void open_for_migration();
  void open();
  void probe();
  void begin(fair_lock::clock::time_point deadline);
  void commit();
  error give_up(std::string_view operation, const std::exception &cause);
  void roll_back() noexcept;
  bool is_settled() noexcept;
  void checkpoint_when_due() noexcept;

  const std::string path_;
  const std::chrono::milliseconds call_timeout_;
  fair_lock line_;
  // All below belongs to the holder of the turn.
  std::unique_ptr<connection> connection_;
  bool is_suspect_ = false;
  bool is_committing_ = false;
  int wal_pages_ = 0;
  int checkpointed_at_ = 0;
};

} // namespace sluice::db::sqlite
