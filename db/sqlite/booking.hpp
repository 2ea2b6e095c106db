#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "db/sqlite/connection.hpp"

/// What a transaction leaves behind for those who look later: entries in the
/// ledger and in the audit log. Throws `SQLite::Exception`.
namespace sluice::db::sqlite {

/// The entries of one kind that a transaction makes: a row for each
/// organization, with the ids of its events where they are given.
class ledger_entries {
public:
  /// `kind` is a constant.
  ledger_entries(connection &database, const char *kind, timestamp now);

  void add(organization_id owner);
  void add(organization_id owner, event_id id);

  /// Writes what was added since the last time; returns how many events. A
  /// row has 10 000 ids at the most.
  std::int64_t write();

private:
  struct entry {
    organization_id owner;
    std::int64_t count = 0;
    /// 16 bytes for each.
    std::string ids;
  };

  entry &entry_of(organization_id owner);
  void write(const entry &made);

  statement_loan insert_;
  const char *kind_;
  timestamp now_;
  std::vector<entry> entries_;
};

/// A row of `audit_log`.
struct audit_entry {
  std::string actor;
  std::string action;
  std::string target;
  std::string reason;
  std::string detail;
};

/// Writes it; actor and reason are cut as by `one_line`.
void audit(connection &database, const audit_entry &entry, timestamp now);

/// At most 1000 bytes of `text`, cut so that no UTF-8 sequence is torn apart,
/// with spaces in the place of control characters.
std::string one_line(std::string_view text);

} // namespace sluice::db::sqlite
