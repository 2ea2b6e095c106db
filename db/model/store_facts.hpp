#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/model/depth.hpp"
#include "db/model/ledger.hpp"
#include "db/model/node.hpp"

namespace sluice::db {

/// The state of the schema against what this program knows.
struct schema_state {
  /// 0: no schema yet.
  int found = 0;
  int known = 0;
  bool is_current() const { return found == known; }
};

/// Connections of Sluice's that do the same, or wait for the same.
struct connection_group {
  /// `active`, `idle`, `idle in transaction`.
  std::string state;
  /// `Lock: tuple`; empty: they wait for nothing.
  std::string waits_for;
  long count = 0;
};

/// What is known of a PostgreSQL server only.
struct postgres_facts {
  std::vector<connection_group> connections;
  /// Of all programs, and how many there may be.
  long connections_used = 0;
  long connections_most = 0;
  /// The oldest transaction of Sluice's that is open.
  std::optional<std::chrono::milliseconds> longest_transaction;
  /// Settings that let an acknowledged event be lost, and are off.
  std::vector<std::string> unsafe_settings;
  bool is_standby = false;
  std::int64_t database_bytes = 0;
  /// Empty: this login may not see it, or the server is on another machine.
  std::string data_folder;
};

/// What is known of a SQLite file only.
struct sqlite_facts {
  std::string file;
  std::int64_t database_bytes = 0;
  std::int64_t wal_bytes = 0;
  std::int64_t pages = 0;
  std::int64_t free_pages = 0;
  std::string journal_mode;
  /// The process that works on the file; 0: none does.
  std::int64_t holder = 0;
};

/// What the tables say; only with a schema that this program knows.
struct table_facts {
  queue_depth depth;
  std::optional<ledger_verdict> verdict;
  std::vector<node_view> nodes;
};

/// A store as somebody finds it who does not work with it.
struct store_facts {
  /// `sqlite` or `postgresql`.
  std::string engine;
  std::string version;
  /// As in 150014 or 3040001.
  long version_number = 0;
  /// For people, without user and password.
  std::string place;
  schema_state schema;
  /// Of the connection, and of the fastest of a few small questions.
  std::chrono::microseconds connect_time{};
  std::chrono::microseconds round_trip{};
  /// The database's clock against this machine's; positive: it is ahead. None
  /// where there is but one clock.
  std::optional<std::chrono::microseconds> clock_ahead;
  std::optional<table_facts> tables;
  std::optional<postgres_facts> postgres;
  std::optional<sqlite_facts> sqlite;
};

} // namespace sluice::db
