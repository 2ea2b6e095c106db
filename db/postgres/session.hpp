#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>

#include "db/model/error.hpp"
#include "db/model/time.hpp"
#include "db/postgres/doubt.hpp"
#include "db/postgres/errors.hpp"
#include "db/postgres/watchdog.hpp"

namespace sluice::db::postgres {

/// One connection, and the rules that every call on it keeps: a deadline that
/// holds when the server is frozen, limits at the server so that an abandoned
/// transaction lets go of its locks, exceptions turned into errors, and a
/// session that is spent after the first loss. Keeps no state in the server's
/// session, so that a transaction-pooling proxy may stand between. One thread
/// at a time.
class session {
public:
  struct settings {
    std::string url;
    std::chrono::milliseconds call_timeout{};
    clock_source clock;
  };

  /// What a call does between BEGIN and COMMIT; throws to give it up. Called
  /// once.
  using body = std::function<void(pqxx::nontransaction &)>;
  /// Describes the transaction for the case that its COMMIT gets no answer;
  /// called after `body`, if that was reached.
  using describe_doubt = std::function<doubt()>;

  /// As `body`, with the rows of the statement that opened the transaction.
  using body_after =
      std::function<void(pqxx::nontransaction &, const pqxx::result &)>;

  /// How the planner is to work. `by_index` keeps it from reading or sorting
  /// the whole queue when its statistics are from another time of day.
  enum class planning { free, by_index };

  /// Whether a commit is to survive a crash of the server by itself.
  /// Otherwise a crash may undo it, until a durable one has followed.
  enum class durability { full, relaxed };

  /// For transactions that read whole tables: others want the second core.
  static constexpr char whole_tables[] =
      "SET LOCAL max_parallel_workers_per_gather = 0"
      "; SET LOCAL work_mem = '64MB'";

  /// Connects; throws as libpqxx does.
  session(settings how, std::shared_ptr<watchdog> guardian);
  session(const session &) = delete;
  session &operator=(const session &) = delete;
  ~session();

  /// One transaction that changes something.
  result<void> write(const char *operation, const describe_doubt &describe,
                     const body &work);

  /// One transaction of one statement, which `make` writes (see `call_text`).
  /// It goes to the server in one message with BEGIN: two round trips in all.
  result<void> write_once(const char *operation, const describe_doubt &describe,
                          const std::function<std::string()> &make,
                          const std::function<void(const pqxx::result &)> &use,
                          durability how = durability::full);

  /// As `write_once`, all of it in one message: one round trip. Whatever cuts
  /// it off leaves it in doubt, and `resolve` can't tell: the server may come
  /// to it, and commit it, after it was given up. So it is for what is as right
  /// then as now, and may come twice.
  result<void>
  write_in_one_message(const char *operation, const describe_doubt &describe,
                       const std::function<std::string()> &make,
                       const std::function<void(const pqxx::result &)> &use,
                       durability how = durability::full);

  /// As `write`, behind a statement that goes with BEGIN as in `write_once`.
  result<void> write_after(const char *operation,
                           const describe_doubt &describe,
                           const std::function<std::string()> &make,
                           const body_after &work);

  /// As `write`, within `limit` in the place of `call_timeout`.
  result<void> write_within(std::chrono::milliseconds limit,
                            const char *operation,
                            const describe_doubt &describe, const body &work);

  /// One transaction that only reads, in as many statements as it likes.
  result<void> read(const char *operation, const body &work,
                    planning plan = planning::free);

  /// One transaction that only reads, all of it in one snapshot, within
  /// `limit` in the place of `call_timeout`. It takes one core and some memory.
  result<void> survey(std::chrono::milliseconds limit, const char *operation,
                      const body &work);

  /// One statement that only reads, without a transaction around it: a
  /// single round trip.
  result<void> look(const char *operation, const body &work);

  /// The clock's time as a parameter of statements; none in production, where
  /// they take the database's own.
  std::optional<std::string> now() const;

  std::chrono::milliseconds call_timeout() const {
    return settings_.call_timeout;
  }
  bool is_spent() const { return connection_ == nullptr; }
  /// False as well when the server, or what is between, has hung up.
  bool is_connected() const;
  int server_version() const;

private:
  enum class stage { looking, working, committing };

  /// What a transaction begins with.
  struct frame {
    std::chrono::milliseconds limit;
    bool is_writing = false;
    bool is_one_snapshot = false;
    planning plan = planning::free;
    durability how = durability::full;
    /// The message is the transaction; it has no BEGIN and no COMMIT.
    bool is_one_message = false;
  };

  /// A call: how it begins, and what it does then.
  struct course {
    const char *operation;
    std::chrono::milliseconds limit;
    /// Empty: no transaction.
    std::string begin;
    /// Null: changes nothing, so it is never in doubt.
    const describe_doubt *describe;
    /// Writes the statement that goes with `begin`; may be empty.
    std::function<std::string()> make;
    /// Given the rows of that statement.
    std::function<void(pqxx::nontransaction &, const pqxx::result &)> work;
    /// It is committed once the first answer is there.
    bool is_one_message = false;
  };

  result<void> run(const course &call);
  error give_up(const course &call, stage reached, watchdog::guard &guard);
  bool roll_back();
  void drop(watchdog::guard &guard);
  frame writing(durability how = durability::full) const;
  std::string begin_text(const frame &with) const;

  settings settings_;
  std::shared_ptr<watchdog> guardian_;
  std::int64_t lock_;
  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<pqxx::errorhandler> silencer_;
};

} // namespace sluice::db::postgres
