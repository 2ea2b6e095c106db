#include "db/sqlite/connection.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <thread>

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include "db/sqlite/functions.hpp"
#include "db/sqlite/page_cache.hpp"
#include "db/sqlite/wal_vfs.hpp"

namespace sluice::db::sqlite {

namespace {

/// Steps of SQLite's virtual machine between two looks at the clock: about a
/// millisecond's worth.
constexpr int steps_between_looks = 20'000;

int flags_for(connection::access how) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  return how == connection::access::read_only
             ? flags | SQLITE_OPEN_READONLY
             : flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
}

/// Nobody reads how much memory SQLite has taken, and to count it is a mutex
/// for each allocation.
void set_up_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    add_page_cache_layer();
  });
}

SQLite::Database open_database(const std::string &path,
                               connection::access how) {
  set_up_library();
  const int no_wait = 0;
  return how == connection::access::read_only
             ? SQLite::Database(path, flags_for(how))
             : SQLite::Database(path, flags_for(how), no_wait, wal_vfs());
}

} // namespace

statement_loan::~statement_loan() {
  statement_->tryReset();
  try {
    statement_->clearBindings();
  } catch (const SQLite::Exception &) {
    return; // Bound again before it is used again.
  }
}

statement_loan &statement_loan::bind(int at, const std::string &text) {
  statement_->bindNoCopy(at, text);
  return *this;
}

statement_loan &statement_loan::bind(int at, const char *text) {
  statement_->bindNoCopy(at, text);
  return *this;
}

statement_loan &statement_loan::bind(int at, const uuid &id) {
  std::string text = id.to_string();
  statement_->bind(at, text);
  return *this;
}

statement_loan &statement_loan::bind(int at, std::int64_t value) {
  statement_->bind(at, value);
  return *this;
}

statement_loan &statement_loan::bind(int at, timestamp time) {
  statement_->bind(at, std::int64_t{time.time_since_epoch().count()});
  return *this;
}

statement_loan &statement_loan::bind_blob(int at, const void *bytes,
                                          std::size_t size) {
  statement_->bindNoCopy(at, bytes, static_cast<int>(size));
  return *this;
}

statement_loan &statement_loan::bind_null(int at) {
  statement_->bind(at);
  return *this;
}

int statement_loan::run() {
  int changed = statement_->exec();
  statement_->reset();
  return changed;
}

bool statement_loan::next() {
  return statement_->executeStep();
}

std::string statement_loan::text(int column) {
  return std::string(text_view(column));
}

std::string_view statement_loan::text_view(int column) {
  auto found = statement_->getColumn(column);
  const char *text = found.getText();
  return {text, static_cast<std::size_t>(found.getBytes())};
}

uuid statement_loan::id(int column) {
  auto id = uuid::parse(text_view(column));
  if (!id)
    throw SQLite::Exception("a column that should hold an id does not",
                            SQLITE_CORRUPT);
  return *id;
}

std::int64_t statement_loan::number(int column) {
  return statement_->getColumn(column).getInt64();
}

timestamp statement_loan::time(int column) {
  return timestamp(std::chrono::microseconds(number(column)));
}

bool statement_loan::is_null(int column) {
  return statement_->getColumn(column).isNull();
}

connection::connection(const std::string &path, access how)
    : database_(open_database(path, how)) {
  auto *handle = database_.getHandle();
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_progress_handler(handle, steps_between_looks, on_progress, this);
  sqlite3_busy_handler(handle, on_busy, this);
  add_functions(handle);
  // A page that another connection maps and this one truncates would be a
  // SIGBUS; and the WAL belongs to the writer, which checkpoints by hand.
  database_.exec("PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=0;"
                 "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF");
  if (how == access::read_only)
    database_.exec("PRAGMA query_only=ON; PRAGMA cache_size=-4096");
}

connection::~connection() = default;

statement_loan connection::statement(const char *sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end())
    found =
        statements_.try_emplace(sql, SQLite::Statement(database_, sql)).first;
  return statement_loan(found->second);
}

void connection::execute(const char *sql) {
  database_.exec(sql);
}

std::string connection::ask(const char *sql) {
  return database_.execAndGet(sql).getString();
}

void connection::commit() {
  gathered_writes one(wal_);
  statement("COMMIT").run();
}

bool connection::is_in_transaction() {
  return sqlite3_get_autocommit(database_.getHandle()) == 0;
}

void connection::find_wal() {
  if (wal_ == nullptr)
    sqlite3_file_control(database_.getHandle(), "main",
                         SQLITE_FCNTL_JOURNAL_POINTER, &wal_);
}

int connection::sync_wal() noexcept {
  if (wal_ == nullptr || wal_->pMethods == nullptr)
    return SQLITE_IOERR_FSYNC;
  return wal_->pMethods->xSync(wal_, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

void connection::begin_wal_sync() noexcept {
  begin_writing_to_disk(wal_);
}

void connection::leave_wal() noexcept {
  sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                    nullptr);
}

int connection::on_progress(void *self) {
  return clock::now() > static_cast<connection *>(self)->deadline_ ? 1 : 0;
}

int connection::on_busy(void *self, int attempts) {
  if (clock::now() > static_cast<connection *>(self)->deadline_)
    return 0;
  std::this_thread::sleep_for(
      std::chrono::milliseconds(std::min(attempts + 1, 10)));
  return 1;
}

} // namespace sluice::db::sqlite
