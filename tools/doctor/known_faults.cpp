#include "tools/doctor/known_faults.hpp"

#include <algorithm>
#include <array>

namespace sluice::tools {

namespace {

/// A fault of all versions from one to another.
struct version_fault {
  long first;
  long last;
  std::string_view what;
};

/// Until when a branch is mended.
struct branch_end {
  std::string_view branch;
  std::string_view last_day;
};

constexpr long oldest_postgres = 130000;

// https://www.postgresql.org/docs/release/14.4/
constexpr std::array postgres_faults = {
    version_fault{140000, 140003,
                  "indexes that were made or remade CONCURRENTLY can lack "
                  "rows; fixed in 14.4"},
};

// https://www.postgresql.org/support/versioning/
constexpr std::array postgres_ends = {
    branch_end{"13", "2025-11-13"}, branch_end{"14", "2026-11-12"},
    branch_end{"15", "2027-11-11"}, branch_end{"16", "2028-11-09"},
    branch_end{"17", "2029-11-08"}, branch_end{"18", "2030-11-14"},
};

// https://sqlite.org/wal.html#walresetbug
constexpr long first_with_wal = 3007000;
constexpr long last_with_wal_reset_bug = 3051002;

// https://openssl-library.org/policies/releasestrat/, but for 3.0, which
// Debian 12 mends itself: https://wiki.debian.org/LTS
constexpr std::array openssl_ends = {
    branch_end{"1.1", "2023-09-11"}, branch_end{"3.0", "2028-06-30"},
    branch_end{"3.1", "2025-03-14"}, branch_end{"3.2", "2025-11-23"},
    branch_end{"3.3", "2026-04-09"}, branch_end{"3.4", "2026-10-22"},
    branch_end{"3.5", "2030-04-08"},
};

template <class Table>
std::string_view last_day_of(const Table &table, std::string_view branch) {
  const auto found = std::ranges::find(table, branch, &branch_end::branch);
  return found == table.end() ? std::string_view() : found->last_day;
}

/// Days in this form are in order as text is.
bool is_over(std::string_view last_day, std::string_view today) {
  return !last_day.empty() && last_day < today;
}

} // namespace

finding judge_postgres_version(long number, const std::string &text,
                               std::string_view today) {
  constexpr long branches = 10'000;
  finding out{.name = "postgresql", .found = "version " + text};
  if (number < oldest_postgres)
    return {severity::critical, out.name,
            out.found + "; 13 is the oldest that can be used",
            "upgrade the server"};
  for (const auto &fault : postgres_faults)
    if (number >= fault.first && number <= fault.last)
      return {severity::warning, out.name,
              out.found + ": " + std::string(fault.what), "upgrade the server"};
  const auto last_day =
      last_day_of(postgres_ends, std::to_string(number / branches));
  if (is_over(last_day, today))
    return {severity::warning, out.name,
            out.found + ", not mended any more since " + std::string(last_day),
            "upgrade the server"};
  return out;
}

finding judge_sqlite_version(long number, const std::string &text) {
  finding out{.name = "sqlite", .found = "version " + text};
  if (number < first_with_wal)
    return {severity::critical, out.name, out.found + " has no WAL",
            "install the SQLite of Debian 12 or a newer one"};
  // The service writes and checkpoints over one connection alone.
  if (number <= last_with_wal_reset_bug)
    out.found += "; its WAL-reset bug (fixed in 3.51.3) does no harm while no "
                 "other program writes to the file";
  return out;
}

finding judge_openssl_version(const std::string &text, std::string_view today) {
  finding out{.name = "openssl", .found = "version " + text};
  const auto minor = text.find('.', text.find('.') + 1);
  const auto last_day = last_day_of(openssl_ends, text.substr(0, minor));
  if (is_over(last_day, today))
    return {severity::warning, out.name,
            out.found + ", not mended any more since " + std::string(last_day),
            "apt-get install --only-upgrade openssl libssl3"};
  return out;
}

} // namespace sluice::tools
