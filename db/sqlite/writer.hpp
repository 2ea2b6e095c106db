#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "db/model/error.hpp"
#include "db/sqlite/connection.hpp"
#include "db/sqlite/fair_lock.hpp"
#include "db/sqlite/wal_sync.hpp"

namespace sluice::db::sqlite {

/// How a change is to be made.
struct change_mode {
  /// Where to wait for the turn.
  fair_lock::line where = fair_lock::line::second;
  /// Whether it has to survive a loss of power by itself. Otherwise it may be
  /// undone by one, until anything else was committed durably after it.
  bool is_durable = true;
  /// How long it may take; nothing: as a call.
  std::optional<std::chrono::milliseconds> limit{};
};

/// `error::doubt` of a commit that was made but could not be synced: it stands
/// once a probe has succeeded.
inline constexpr char doubt_of_disk[] = "disk";

/// The one connection of this process that changes and checkpoints the
/// database, shared by all sessions. Thread-safe.
///
/// After a failure of the medium nothing is written until a probe, a write
/// with its fsync, has succeeded; the probe also settles what a failed COMMIT
/// left behind, because it overwrites the frames of it. After an fsync of the
/// WAL that failed, the probe first writes all of the WAL once more. After a
/// checkpoint that failed there is no other one in this process: SQLite would
/// rely on pages that may not have reached the disk. The WAL then keeps
/// everything, and grows; the next start begins with a clean slate.
class writer {
public:
  writer(std::string path, std::chrono::milliseconds call_timeout);
  ~writer();
  writer(const writer &) = delete;
  writer &operator=(const writer &) = delete;

  /// Runs `work(connection &)` in a transaction of its own and commits what
  /// it did; rolls back when it throws. `conflict` when the turn did not come
  /// in time, `in_doubt` when the COMMIT failed and the medium does not let
  /// its outcome be settled.
  template <class Work>
  auto run(std::string_view operation, change_mode mode, Work work)
      -> result<std::invoke_result_t<Work, connection &>> {
    auto deadline =
        fair_lock::clock::now() + mode.limit.value_or(call_timeout_);
    auto turn = turns_.acquire(deadline, mode.where);
    if (!turn)
      return fail(errc::conflict, late(operation));
    try {
      begin(deadline);
      auto value = work(*connection_);
      auto done = commit();
      turn.reset();
      if (!mode.is_durable)
        done.on->begin_wal_sync();
      else if (auto kept = keep(operation, done, deadline); !kept)
        return tl::unexpected(std::move(kept.error()));
      return value;
    } catch (const std::exception &cause) {
      return tl::unexpected(give_up(operation, cause));
    }
  }

  /// Waits until all that a reader can have seen is on the disk.
  result<void> sync_what_is_seen(std::string_view operation,
                                 fair_lock::clock::time_point deadline);

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
  wal_sync::commit commit();
  result<void> keep(std::string_view operation, const wal_sync::commit &done,
                    fair_lock::clock::time_point deadline);
  error give_up(std::string_view operation, const std::exception &cause);
  void roll_back() noexcept;
  bool is_settled() noexcept;
  bool sync_wal() noexcept;
  void checkpoint_when_due() noexcept;

  const std::string path_;
  const std::chrono::milliseconds call_timeout_;
  fair_lock turns_;
  // All below belongs to the holder of the turn.
  std::shared_ptr<connection> connection_;
  wal_sync syncs_;
  bool is_suspect_ = false;
  bool is_checkpointing_ = true;
  bool is_committing_ = false;
  int wal_pages_ = 0;
  int checkpointed_at_ = 0;
};

} // namespace sluice::db::sqlite
