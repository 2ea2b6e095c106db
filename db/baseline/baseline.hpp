#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "db/model/error.hpp"
#include "db/model/ids.hpp"
#include "db/model/time.hpp"

/// Raw statements on a migrated database, without any of what a store adds
/// (fences, keys, the ledger, deadlines): the floor that stores are measured
/// against. Never used by the service.
namespace sluice::db {

enum class insert_way : std::uint8_t {
  /// One statement that unfolds arrays; SQLite: one prepared insert a row.
  statement,
  /// PostgreSQL's COPY; SQLite: as `statement`.
  copy,
};

struct insert_plan {
  insert_way way = insert_way::statement;
  int connections = 1;
  int rows_per_transaction = 1000;
  std::chrono::milliseconds duration{3000};
};

struct move_plan {
  int connections = 1;
  int rows_per_transaction = 500;
};

struct loop_outcome {
  long rows = 0;
  std::chrono::nanoseconds took{};

  double rows_per_second() const {
    return static_cast<double>(rows) /
           std::chrono::duration<double>(took).count();
  }
};

/// What the log holds, and when it was written.
struct log_span {
  long rows = 0;
  timestamp first{};
  timestamp last{};
  /// Rows that carry `first`: those of the first transaction.
  long rows_at_first = 0;

  /// The rate at which what followed the first transaction was stored.
  double rows_per_second() const;
};

/// What every row is made of.
struct sample_event {
  organization_id organization;
  std::string type;
  std::string payload;
};

/// One database with the schema of this program and one organization. Calls
/// take as long as their work takes. SQLite: no other process may have the
/// file while this object lives.
class baseline {
public:
  baseline() = default;
  baseline(const baseline &) = delete;
  baseline &operator=(const baseline &) = delete;
  virtual ~baseline() = default;

  /// Empties queue, log, deliveries, keys and ledger.
  virtual result<void> clear() = 0;

  /// Puts `rows` pending, due events into the queue as fast as it can, then
  /// leaves the database as its own maintenance would after a while:
  /// statistics taken, visibility known, a checkpoint done.
  virtual result<void> fill_queue(const sample_event &sample, long rows) = 0;

  /// Inserts into the queue, a transaction after the other, each durable.
  virtual result<loop_outcome> insert_loop(const sample_event &sample,
                                           const insert_plan &plan) = 0;

  /// Claims (commit) and moves to log and deliveries (commit) until nothing
  /// is pending.
  virtual result<loop_outcome> move_loop(const move_plan &plan) = 0;

  virtual result<log_span> log() = 0;
};

/// `url` as `store_options` takes it; the schema has to be there.
result<std::unique_ptr<baseline>> open_baseline(const std::string &url);

/// Makes an empty database beside the one that a `postgresql://` URL names,
/// and returns its URL. The role has to be allowed to.
result<std::string> create_database(const std::string &server_url,
                                    const std::string &name);

/// Drops it, ending its sessions. No database of that name is success.
result<void> drop_database(const std::string &server_url,
                           const std::string &name);

/// Whether the server answers a query.
bool is_up(const std::string &server_url);

} // namespace sluice::db
