#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "db/model/ids.hpp"
#include "db/model/time.hpp"

struct sqlite3_file;

namespace sluice::db::sqlite {

/// A prepared statement on loan from its connection: bind, step, read. Ends
/// the statement's use when it goes, so that no forgotten read keeps an old
/// snapshot (and with it the whole WAL) alive.
class statement_loan {
public:
  explicit statement_loan(SQLite::Statement &statement)
      : statement_(&statement) {}
  statement_loan(const statement_loan &) = delete;
  statement_loan &operator=(const statement_loan &) = delete;
  ~statement_loan();

  SQLite::Statement *operator->() { return statement_; }

  /// Binds by position from 1. Text and blobs are not copied: they have to
  /// live until the statement was run. Ids are bound as text.
  statement_loan &bind(int at, const std::string &text);
  statement_loan &bind(int at, const char *text);
  statement_loan &bind(int at, std::string &&text) = delete;
  statement_loan &bind(int at, const uuid &id);
  statement_loan &bind(int at, std::int64_t value);
  statement_loan &bind(int at, timestamp time);
  statement_loan &bind_blob(int at, const void *bytes, std::size_t size);
  statement_loan &bind_null(int at);
  template <class Tag>
  statement_loan &bind(int at, const strong_id<Tag> &id) {
    return bind(at, id.value());
  }

  /// Runs a statement that returns no rows; it can be bound anew then.
  /// Returns how many rows it changed.
  int run();

  /// Steps to the next row; false at the end.
  bool next();

  /// Columns of the current row, from 0.
  std::string text(int column);
  std::string_view text_view(int column);
  uuid id(int column);
  std::int64_t number(int column);
  timestamp time(int column);
  bool is_null(int column);

private:
  SQLite::Statement *statement_;
};

/// One connection to the database file with its prepared statements.
/// Everything throws `SQLite::Exception`. Belongs to one thread at a time.
class connection {
public:
  using clock = std::chrono::steady_clock;

  enum class access {
    /// The one connection that may change the file; makes it when missing.
    read_write,
    read_only,
  };

  /// Opens the file; reads nothing yet.
  connection(const std::string &path, access how);
  ~connection();
  connection(const connection &) = delete;
  connection &operator=(const connection &) = delete;

  /// Statements that still run, or wait for another process's lock, at this
  /// moment are interrupted.
  void set_deadline(clock::time_point deadline) { deadline_ = deadline; }

  /// The statement of this text, prepared at its first use. `sql` is a
  /// constant: the connection keeps only the reference.
  statement_loan statement(const char *sql);

  /// Runs SQL text that returns nothing.
  void execute(const char *sql);

  /// The first column of the only row of `sql`.
  std::string ask(const char *sql);

  /// COMMIT. The pages of the transaction reach the WAL together.
  void commit();

  /// True between BEGIN and COMMIT, unless SQLite rolled back by itself.
  bool is_in_transaction();

  /// Looks up the file that the WAL is written to. After a change was
  /// committed, by the thread that the connection belongs to.
  void find_wal();

  /// An fsync of that file; the result code. This and the next method any
  /// thread may call while another one uses the connection.
  int sync_wal() noexcept;

  /// As `begin_writing_to_disk`.
  void begin_wal_sync() noexcept;

  /// The WAL stays as it is when this is closed.
  void leave_wal() noexcept;

  SQLite::Database &handle() { return database_; }

private:
  static int on_progress(void *self);
  static int on_busy(void *self, int attempts);

  SQLite::Database database_;
  std::unordered_map<std::string_view, SQLite::Statement> statements_;
  clock::time_point deadline_ = clock::time_point::max();
  sqlite3_file *wal_ = nullptr;
};

} // namespace sluice::db::sqlite
