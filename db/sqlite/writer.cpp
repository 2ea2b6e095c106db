#include "db/sqlite/writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <SQLiteCpp/Exception.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include "db/sqlite/errors.hpp"
#include "db/sqlite/queries.hpp"
#include "db/sqlite/schema.hpp"
#include "db/sqlite/wal_file.hpp"

namespace sluice::db::sqlite {

namespace {

/// Pages in the WAL after which they are carried over into the database.
constexpr int pages_between_checkpoints = 4000;
/// Pages in the WAL after which readers are waited for, so that it can start
/// again from its beginning; otherwise readers that overlap without a gap
/// would let it grow for ever.
constexpr int most_wal_pages = 16'000;
constexpr std::chrono::milliseconds longest_wait_for_readers{500};
/// Part of the second that a call may last beyond its time.
constexpr std::chrono::milliseconds longest_settling{400};

/// SQLite would make the file with the umask's rights; it gives the files
/// beside it the rights of this one.
void make_private_file(const std::string &path) {
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0)
    close(file);
  else if (errno != EEXIST)
    throw SQLite::Exception("can't make " + path + ": " + std::strerror(errno),
                            SQLITE_CANTOPEN);
}

void set_up(connection &database) {
  if (database.ask("PRAGMA journal_mode=WAL") != "wal")
    throw SQLite::Exception("this file system does not support SQLite's WAL",
                            SQLITE_CANTOPEN);
  // NORMAL: commits are synced by `wal_sync`, once the turn was passed on.
  // As to the cache's size, see `item_mover`, too.
  database.execute("PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                   "PRAGMA cache_size=-32768; PRAGMA secure_delete=FAST;"
                   "PRAGMA journal_size_limit=67108864");
  if (database.ask("PRAGMA synchronous") != "1")
    throw SQLite::Exception("SQLite does not take synchronous=NORMAL",
                            SQLITE_CANTOPEN);
}

} // namespace

writer::writer(std::string path, std::chrono::milliseconds call_timeout)
    : path_(std::move(path)), call_timeout_(call_timeout) {}

writer::~writer() {
  // Closing is a checkpoint, too, and would remove the WAL.
  if (connection_ && (syncs_.is_broken() || !is_checkpointing_))
    connection_->leave_wal();
}

result<void> writer::make_ready() {
  auto deadline = fair_lock::clock::now() + call_timeout_;
  auto turn = turns_.acquire(deadline);
  if (!turn)
    return fail(errc::unavailable, late("connect"));
  try {
    open_if_needed();
    connection_->set_deadline(deadline);
    if (is_suspect_ || syncs_.is_broken())
      probe();
    return {};
  } catch (const std::exception &cause) {
    return tl::unexpected(give_up("connect", cause));
  }
}

result<int> writer::migrate(timestamp now) {
  auto turn = turns_.acquire(fair_lock::clock::now() + call_timeout_);
  if (!turn)
    return fail(errc::conflict, late("migrate"));
  try {
    open_for_migration();
    auto applied = apply_migrations(*connection_, now);
    if (applied > 0)
      probe();
    return applied;
  } catch (const std::exception &cause) {
    return tl::unexpected(give_up("migrate", cause));
  }
}

std::string writer::late(std::string_view operation) {
  return std::string(operation) +
         ": the turn to write did not come within the call's time";
}

int writer::on_commit(void *self, sqlite3 * /*database*/, const char * /*name*/,
                      int wal_pages) {
  static_cast<writer *>(self)->wal_pages_ = wal_pages;
  return SQLITE_OK;
}

void writer::open_if_needed() {
  if (connection_)
    return;
  require_known(schema_version(path_));
  open();
}

void writer::open_for_migration() {
  // Before anything is touched: turning the file to WAL would write to it.
  require_not_newer(schema_version(path_));
  if (!connection_) {
    make_private_file(path_);
    open();
  }
  // A migration of a large database takes what it takes.
  connection_->set_deadline(fair_lock::clock::time_point::max());
}

void writer::open() {
  // Whether an earlier life has seen an fsync fail, nobody knows any more.
  if (!connection_ && wal_pages_ == 0)
    rewrite_wal(path_, 0);
  auto fresh =
      std::make_shared<connection>(path_, connection::access::read_write);
  fresh->set_deadline(fair_lock::clock::now() + call_timeout_);
  set_up(*fresh);
  sqlite3_wal_hook(fresh->handle().getHandle(), on_commit, this);
  connection_ = std::move(fresh);
}

void writer::probe() {
  wal_sync::pause alone(syncs_);
  if (syncs_.is_broken())
    rewrite_wal(path_, wal_pages_);
  // The user_version means nothing to us; setting it dirties the first page
  // and so makes a commit, whatever schema there is.
  auto version = std::stoll(connection_->ask("PRAGMA user_version"));
  auto next = std::to_string((version + 1) % 1'000'000);
  connection_->execute(("PRAGMA user_version=" + next).c_str());
  connection_->find_wal();
  if (int code = connection_->sync_wal(); code != SQLITE_OK) {
    // The frames of others were in it.
    syncs_.distrust();
    throw SQLite::Exception("the probe could not be synced", code);
  }
  syncs_.mend();
  is_suspect_ = false;
}

void writer::begin(fair_lock::clock::time_point deadline) {
  open_if_needed();
  connection_->set_deadline(deadline);
  if (is_suspect_ || syncs_.is_broken())
    probe();
  connection_->statement("BEGIN IMMEDIATE").run();
}

wal_sync::commit writer::commit() {
  is_committing_ = true;
  syncs_.announce();
  try {
    connection_->commit();
  } catch (...) {
    syncs_.withdraw();
    throw;
  }
  is_committing_ = false;
  connection_->find_wal();
  auto done = syncs_.note(connection_);
  checkpoint_when_due();
  return done;
}

result<void> writer::keep(std::string_view operation,
                          const wal_sync::commit &done,
                          fair_lock::clock::time_point deadline) {
  auto outcome = syncs_.await(done, deadline);
  if (outcome == wal_sync::outcome::failed) {
    // Readers see it already, but it would not survive a loss of power,
    // unless a probe succeeds now.
    auto turn = turns_.acquire(fair_lock::clock::now() + longest_settling,
                               fair_lock::line::first);
    if (turn && (!syncs_.is_broken() || is_settled()))
      outcome = wal_sync::outcome::on_disk;
  }
  if (outcome == wal_sync::outcome::on_disk)
    return {};
  return tl::unexpected<error>(
      {errc::in_doubt,
       std::string(operation) + ": the commit could not be synced to disk",
       doubt_of_disk,
       {}});
}

result<void> writer::sync_what_is_seen(std::string_view operation,
                                       fair_lock::clock::time_point deadline) {
  if (syncs_.await_all(deadline) == wal_sync::outcome::on_disk)
    return {};
  return fail(errc::unavailable,
              std::string(operation) + ": what was read is not on disk yet");
}

error writer::give_up(std::string_view operation, const std::exception &cause) {
  auto failure = describe(operation, cause);
  int code = code_of(cause);
  // Constraints are checked before the first page is written.
  const bool was_committing =
      std::exchange(is_committing_, false) && failure.code != errc::rejected;
  roll_back();
  if (!was_committing && !is_medium_failure(code))
    return failure;
  is_suspect_ = true;
  // The frames of a COMMIT that failed may be complete on the disk, and would
  // count after a crash. Once the probe has overwritten them they are gone.
  if (is_settled())
    return failure;
  if (was_committing && (code & 0xFF) != SQLITE_FULL)
    failure.code = errc::in_doubt;
  else
    // Opened anew at the next attempt, in case it is the connection and not
    // the medium that is ill. In doubt it has to stay: opening would read the
    // frames in question back in.
    connection_.reset();
  return failure;
}

void writer::roll_back() noexcept {
  if (!connection_)
    return;
  try {
    connection_->set_deadline(fair_lock::clock::time_point::max());
    if (connection_->is_in_transaction())
      connection_->execute("ROLLBACK");
  } catch (const std::exception &) {
    // A connection that can't even roll back is of no use; closing it does.
    connection_.reset();
  }
}

bool writer::is_settled() noexcept {
  if (!connection_)
    return false;
  try {
    connection_->set_deadline(fair_lock::clock::now() + longest_settling);
    probe();
    return true;
  } catch (const std::exception &) {
    return false;
  }
}

bool writer::sync_wal() noexcept {
  wal_sync::pause alone(syncs_);
  if (!syncs_.is_broken() && connection_->sync_wal() == SQLITE_OK) {
    syncs_.mend();
    return true;
  }
  syncs_.distrust();
  return false;
}

void writer::checkpoint_when_due() noexcept {
  // A WAL shorter than at the last checkpoint has begun anew since.
  if (wal_pages_ < checkpointed_at_)
    checkpointed_at_ = 0;
  if (!is_checkpointing_ ||
      wal_pages_ - checkpointed_at_ < pages_between_checkpoints)
    return;
  // SQLite would do so by itself, but be told of no failure if an fsync of
  // `syncs_` beside it is: it would carry over what the WAL may not have.
  if (!sync_wal())
    return;
  bool is_too_long = wal_pages_ >= most_wal_pages;
  connection_->set_deadline(fair_lock::clock::now() + longest_wait_for_readers);
  int code = sqlite3_wal_checkpoint_v2(
      connection_->handle().getHandle(), nullptr,
      is_too_long ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE,
      nullptr, nullptr);
  checkpointed_at_ = wal_pages_;
  if (code == SQLITE_OK || (code & 0xFF) == SQLITE_BUSY)
    return;
  // What was committed stands, in the WAL; the next write has to show that
  // the medium is well. The fsync that failed may have been the WAL's.
  is_suspect_ = is_suspect_ || is_medium_failure(code);
  is_checkpointing_ = (code & 0xFF) != SQLITE_IOERR;
  if (!is_checkpointing_)
    syncs_.distrust();
  try {
    spdlog::error("sqlite: checkpoint failed: {}{}", sqlite3_errstr(code),
                  is_checkpointing_
                      ? ""
                      : "; the WAL grows until the service is restarted");
  } catch (...) {
    return;
  }
}

} // namespace sluice::db::sqlite
