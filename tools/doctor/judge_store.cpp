#include <algorithm>

#include "http/in/store_trouble.hpp"
#include "tools/ctl/json_words.hpp"
#include "tools/doctor/judge.hpp"
#include "tools/doctor/known_faults.hpp"
#include "tools/doctor/words.hpp"

namespace sluice::tools {

namespace {

constexpr double second_ms = 1000;

/// What the service was told when it wrote, or a look at a server that takes no
/// changes; empty: neither.
std::string write_error(const json &facts) {
  const json told = at(facts, "service.diagnosis.database_error");
  if (told.is_string() && http::is_of_changes(told.get<std::string>()))
    return told.get<std::string>();
  const json looked = at(facts, "store_error");
  if (looked.is_string() && http::trouble_in(looked.get<std::string>()) ==
                                http::store_trouble::read_only)
    return "can't be written: " + looked.get<std::string>();
  return {};
}

/// In the shell's quotes where it needs them.
std::string shell_word(const std::string &text) {
  if (text.find_first_of(" \t'\"\\$`;&|<>()*?[]#~!{}") == std::string::npos)
    return text;
  std::string out = "'";
  for (const char letter : text)
    out += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return out + "'";
}

/// The command that shows what keeps the database from being written.
std::string next_for(const std::string &failure, const json &facts) {
  const json file = at(facts, "store.sqlite.file");
  const json folder = at(facts, "disk.folder");
  switch (http::trouble_in(failure)) {
  case http::store_trouble::locked:
    return file.is_string() ? "fuser -v " + shell_word(file.get<std::string>())
                            : "psql -c 'TABLE pg_locks'";
  case http::store_trouble::read_only:
    return file.is_string() ? "ls -l " + shell_word(file.get<std::string>())
                            : "psql -c 'SHOW default_transaction_read_only'";
  case http::store_trouble::full:
    return folder.is_string() ? "df -h " + shell_word(folder.get<std::string>())
                              : "df -h on the database's machine";
  case http::store_trouble::failing:
    return "dmesg --level err,crit on the database's machine";
  case http::store_trouble::unknown:
    break;
  }
  return "sluice ctl actors";
}

finding judge_reach(const json &facts) {
  constexpr double slow_ms = 100;
  if (const auto failure = write_error(facts); !failure.empty())
    return {severity::critical, "database", failure, next_for(failure, facts)};
  if (!at(facts, "store").is_object())
    return {severity::critical, "database",
            "not reached: " + word(facts, "store_error"),
            "sluice migrate status"};
  const auto trip = number_at(facts, "store.round_trip_ms");
  finding out{.name = "database",
              .found = word(facts, "store.place") + ", round trip " +
                       milliseconds_text(trip)};
  if (trip > slow_ms)
    out = {severity::warning, out.name, out.found + ": slow", "sluice ctl top"};
  if (at(facts, "service.diagnosis.database_error").is_string())
    out = {severity::warning, out.name,
           out.found + "; the service was told: " +
               word(facts, "service.diagnosis.database_error"),
           "sluice ctl actors"};
  return out;
}

/// "3 idle (Client: ClientRead), 1 active (Lock: tuple)".
std::string connections_text(const json &postgres) {
  std::string out;
  for (const auto &one : list_of(postgres, "connections"))
    out +=
        (out.empty() ? "" : ", ") + word(one, "count") + ' ' +
        word(one, "state") +
        (at(one, "waits_for").is_string() ? " (" + word(one, "waits_for") + ')'
                                          : "");
  return out.empty() ? "none of sluice's" : out;
}

finding judge_connections(const json &postgres) {
  constexpr double many = 0.8;
  constexpr double too_many = 0.95;
  constexpr double long_ms = 60 * second_ms;
  const auto used = number_at(postgres, "connections_used");
  const auto most = std::max(1.0, number_at(postgres, "connections_most"));
  const auto longest = number_at(postgres, "longest_transaction_ms");
  finding out{.name = "connections",
              .found = connections_text(postgres) + "; of all " +
                       word(postgres, "connections_used") + " of " +
                       word(postgres, "connections_most")};
  const auto &groups = list_of(postgres, "connections");
  const bool is_locked = std::ranges::any_of(groups, [](const json &one) {
    return word(one, "waits_for").starts_with("Lock");
  });
  if (longest > 0)
    out.found += "; the longest transaction " + span_text(longest / second_ms);
  if (used > most * many || longest > long_ms || is_locked)
    out.how = severity::warning;
  if (used > most * too_many)
    out.how = severity::critical;
  if (out.how != severity::ok)
    out.next = "psql -c 'TABLE pg_stat_activity'";
  return out;
}

finding judge_durability(const json &postgres) {
  finding out{.name = "durability", .found = "what is committed is on disk"};
  std::string off;
  for (const auto &one : list_of(postgres, "unsafe_settings"))
    off += (off.empty() ? "" : ", ") + word(one);
  if (!off.empty())
    out = {severity::warning, out.name,
           "off, so that a crash may lose acknowledged events: " + off,
           "psql -c 'ALTER SYSTEM SET " + off.substr(0, off.find(',')) +
               " = on'"};
  if (is_true(postgres, "is_standby"))
    out = {severity::critical, out.name,
           "the server is a standby and takes no changes",
           "sluice config show"};
  return out;
}

finding judge_file(const json &sqlite) {
  constexpr double large_wal = 512.0 * 1024 * 1024;
  const auto wal = number_at(sqlite, "wal_bytes");
  const auto pages = std::max(1.0, number_at(sqlite, "pages"));
  const auto free = number_at(sqlite, "free_pages");
  const auto mode = word(sqlite, "journal_mode");
  finding out{.name = "database file",
              .found = size_text(number_at(sqlite, "database_bytes")) +
                       ", WAL " + size_text(wal) + ", " +
                       decimal_text(100 * free / pages) +
                       " % of its pages free, journal mode " + mode};
  if (wal > large_wal)
    out = {severity::warning, out.name,
           out.found + ": a long reader, or a fault of the disk, keeps the WAL "
                       "from being taken over",
           "sluice ctl actors"};
  if (mode != "wal")
    out = {severity::warning, out.name,
           out.found + ": not Sluice's; the next start turns it back",
           "sluice serve"};
  return out;
}

finding judge_schema(const json &facts) {
  const auto found = number_at(facts, "store.schema.found");
  const auto known = number_at(facts, "store.schema.known");
  finding out{.name = "schema",
              .found = "version " + word(facts, "store.schema.found")};
  if (found < known)
    return {severity::warning, out.name,
            out.found + "; pending: " +
                counted(json(static_cast<long>(known - found)), "migration"),
            "sluice migrate up"};
  if (found > known)
    return {severity::critical, out.name,
            out.found + "; this program knows " +
                word(facts, "store.schema.known"),
            "use the sluice that is as new as the store"};
  return out;
}

finding judge_books(const json &facts) {
  constexpr double day = 24 * 60 * 60;
  const json verdict = at(facts, "store.tables.verdict");
  finding out{.name = "books"};
  if (!verdict.is_object())
    return {severity::warning, out.name, "not checked yet",
            "sluice ctl ledger verify"};
  const auto age = number_at(verdict, "age_seconds");
  out.found = "checked " + span_text(age) + " ago";
  if (!is_true(verdict, "is_balanced"))
    return {severity::critical, out.name,
            out.found + ": they do not balance, " +
                counted(at(verdict, "fault_count"), "fault"),
            "sluice ctl ledger verify"};
  out.found += ", balanced";
  if (age > day)
    return {severity::warning, out.name, out.found, "sluice ctl ledger verify"};
  return out;
}

/// What becomes of the line when a node has been silent for too long. None can
/// tell that it lives while nothing can be written.
void note_silence(finding &seen, const json &node, const json &facts) {
  const auto failure = write_error(facts);
  const auto silent = number_at(node, "silent_for_ms") / second_ms;
  const bool is_own = word(node, "name") == word(facts, "service.health.node");
  seen.how = severity::warning;
  seen.found += " (silent for " + span_text(silent);
  if (failure.empty()) {
    seen.found += is_own ? ", but it answers)" : ")";
    if (seen.next.empty() || !is_own)
      seen.next = is_own ? "sluice ctl actors" : "sluice ctl cleanup";
    return;
  }
  seen.found += ": its heartbeat can't be written)";
  seen.next = next_for(failure, facts);
}

/// Nodes that are silent, and such of another version.
void judge_nodes(const json &facts, findings &out) {
  const json tables = at(facts, "store.tables");
  if (!tables.is_object())
    return;
  const auto own = word(facts, "own_version");
  finding seen{.name = "nodes"};
  finding versions{.name = "versions", .found = "this program " + own};
  for (const auto &one : list_of(tables, "nodes")) {
    const auto silent = number_at(one, "silent_for_ms");
    seen.found += (seen.found.empty() ? "" : ", ") + word(one, "name");
    if (silent > number_at(facts, "dead_after_ms", 10 * second_ms))
      note_silence(seen, one, facts);
    if (word(one, "version") == own)
      continue;
    versions.how = severity::warning;
    versions.found += ", " + word(one, "name") + ' ' + word(one, "version");
    versions.next = "sluice ctl nodes";
  }
  if (seen.found.empty())
    seen.found = "none is enlisted";
  out.push_back(seen);
  out.push_back(versions);
}

} // namespace

findings judge_store(const json &facts, std::string_view today) {
  findings out;
  out.push_back(judge_reach(facts));
  const json store = at(facts, "store");
  if (!store.is_object())
    return out;
  const json postgres = at(store, "postgres");
  const json sqlite = at(store, "sqlite");
  const auto number = static_cast<long>(number_at(store, "version_number"));
  if (postgres.is_object()) {
    out.push_back(judge_connections(postgres));
    out.push_back(judge_durability(postgres));
    out.push_back(
        judge_postgres_version(number, word(store, "version"), today));
  }
  if (sqlite.is_object()) {
    out.push_back(judge_file(sqlite));
    out.push_back(judge_sqlite_version(number, word(store, "version")));
  }
  out.push_back(judge_schema(facts));
  if (at(store, "tables").is_object())
    out.push_back(judge_books(facts));
  judge_nodes(facts, out);
  return out;
}

} // namespace sluice::tools
