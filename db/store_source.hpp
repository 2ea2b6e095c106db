#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "db/model/depth.hpp"
#include "db/model/error.hpp"
#include "db/model/store_facts.hpp"
#include "db/model/time.hpp"

/// Where sessions with a database come from; part of `db/store.hpp`.
namespace sluice::db {

class store;

/// What a session is for; lets a store keep few connections and serve
/// readers beside its one writer.
enum class purpose {
  /// `accept` and `resolve` under load.
  intake,
  /// Any method.
  work,
  /// `find_event`, `inbox`, `find_key`, `keys`, `depth` and `count_backlogs`,
  /// never blocked by writers. Other methods work too, at the price of a
  /// writer's lock.
  read,
};

/// A database that sessions can be had of. Thread-safe. Outlives nothing:
/// every session keeps what it needs alive.
class store_source {
public:
  store_source() = default;
  store_source(const store_source &) = delete;
  store_source &operator=(const store_source &) = delete;
  virtual ~store_source() = default;

  /// A new session. `schema` when the database is not at the version that
  /// this program knows (nothing is touched then), `unavailable` when it
  /// can't be reached in time.
  virtual result<std::unique_ptr<store>> connect(purpose what_for) = 0;

  /// The version found and the version known. Reads only.
  virtual result<schema_state> schema() = 0;

  /// Applies the missing migrations, each in a transaction of its own, one
  /// node at a time. Safe to repeat after a crash. Returns how many were
  /// applied; `schema` when the database is newer than this program.
  virtual result<int> migrate() = 0;

  /// For people: `sqlite:data/sluice.db`, `postgresql://host/name` without
  /// user and password.
  virtual std::string describe() const = 0;
};

struct store_options {
  /// `sqlite:PATH` or a `postgresql://` URI (libpq's syntax, several hosts
  /// allowed). Folders of PATH that are missing are made.
  std::string url;
  std::chrono::milliseconds connect_timeout{3000};
  std::chrono::milliseconds call_timeout{5000};
  /// Empty in production. See `clock_source`.
  clock_source clock;
};

/// Opens the store that the URL names. SQLite: takes the file's process lock
/// and fails `locked` when another process has it. PostgreSQL: connects to
/// nothing yet. `unavailable` for a URL that is neither.
result<std::shared_ptr<store_source>> open_store(const store_options &options);

/// Looks at the store that the URL names, over a connection of its own, beside
/// whoever works with it: changes nothing, makes no file, takes no lock that
/// anybody waits for. `depth` says what is counted. `unavailable` when the
/// store can't be reached, or is not there yet. Takes about `connect_timeout`
/// and `call_timeout` at the most.
result<store_facts> examine_store(const store_options &options,
                                  const depth_request &depth);

} // namespace sluice::db
