#include <algorithm>

#include "db/model/ledger_rests.hpp"
#include "db/postgres/audit.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/ledger_queries.hpp"
#include "db/postgres/looks.hpp"
#include "db/postgres/postgres_store.hpp"

namespace sluice::db::postgres {

namespace {

ledger_fault::kind read_kind(std::string_view name) {
  using enum ledger_fault::kind;
  for (auto kind : {missing, surplus, doubled})
    if (to_string(kind) == name)
      return kind;
  throw std::runtime_error("unknown kind of fault");
}

ledger_fault read_fault(const pqxx::row &row) {
  return {read_kind(row[0].c_str()), organization_id(read_uuid(row[1].c_str())),
          event_id(read_uuid(row[2].c_str()))};
}

void add(ledger_sums &sums, const pqxx::row &row) {
  auto column = 1;
  for (auto sum : {&ledger_sums::accepted, &ledger_sums::adopted,
                   &ledger_sums::written_off, &ledger_sums::stored,
                   &ledger_sums::waiting, &ledger_sums::discarded})
    sums.*sum += row[column++].as<std::int64_t>();
}

/// What is cheap to know of everything, and who needs a second look.
using overview = compared_books;

/// Seconds for which a comparison rests at each of its rests.
double length_of_rests(pqxx::nontransaction &transaction,
                       std::chrono::duration<double> in_all) {
  const auto ids = 2 * transaction.exec1(sql::about_how_many)[0].as<double>();
  const auto rests =
      std::max(ids / static_cast<double>(ledger_rests::ids_between), 1.0);
  const std::chrono::duration<double> longest = ledger_rests::length;
  return std::min(longest, in_all / rests).count();
}

/// Rests so many seconds at a time.
overview look_over(pqxx::nontransaction &transaction,
                   const std::optional<std::string> &now, double rests) {
  overview seen;
  auto position = transaction.exec_params1(sql::ledger_position, now);
  seen.report.at = read_time(position[0].c_str());
  seen.report.position = position[1].as<std::int64_t>();
  auto sums = transaction.exec_params(
      sql::compare_sums, rests,
      static_cast<long long>(ledger_rests::ids_between));
  for (const auto &row : sums) {
    add(seen.report.sums, row);
    if (row[7].as<bool>())
      seen.suspects.emplace_back(read_uuid(row[0].c_str()));
  }
  auto doubled = transaction.exec(sql::doubled_owners);
  for (const auto &row : doubled)
    seen.suspects.emplace_back(read_uuid(row[0].c_str()));
  return seen;
}

std::string array_of_suspects(const overview &seen) {
  return array_of(std::span<const organization_id>(seen.suspects));
}

void name_faults(pqxx::nontransaction &transaction, overview &seen, int most) {
  if (seen.suspects.empty())
    return;
  // One row at least, because it has the count.
  auto rows =
      transaction.exec_params(std::string(sql::faults) + sql::find_faults,
                              array_of_suspects(seen), std::max(most, 1));
  for (const auto &row : rows) {
    seen.report.fault_count = row[3].as<std::int64_t>();
    if (most > 0)
      seen.report.faults.push_back(read_fault(row));
  }
}

/// Returns what was done, in one line.
std::string settle_faults(pqxx::nontransaction &transaction, overview &seen,
                          const act &by,
                          const std::optional<std::string> &now) {
  std::int64_t adopted = 0;
  std::int64_t written_off = 0;
  std::int64_t undoubled = 0;
  std::int64_t kept = 0;
  if (!seen.suspects.empty()) {
    auto rows = transaction.exec_params(std::string(sql::faults) + sql::repair,
                                        array_of_suspects(seen), now,
                                        by.reason(), by.actor());
    for (const auto &row : rows) {
      seen.report.faults.push_back(read_fault(row));
      adopted = row[3].as<std::int64_t>();
      written_off = row[4].as<std::int64_t>();
      kept = row[5].as<std::int64_t>();
      if (seen.report.faults.back().what == ledger_fault::kind::doubled)
        ++undoubled;
    }
  }
  seen.report.fault_count =
      static_cast<std::int64_t>(seen.report.faults.size());
  return "faults=" + std::to_string(seen.report.fault_count) +
         " adopted=" + std::to_string(adopted) +
         " written_off=" + std::to_string(written_off) +
         " undoubled=" + std::to_string(undoubled) +
         " kept=" + std::to_string(kept);
}

} // namespace

compared_books compare_books(pqxx::nontransaction &transaction, int most,
                             std::chrono::milliseconds limit,
                             const std::optional<std::string> &now) {
  auto seen =
      look_over(transaction, now,
                length_of_rests(transaction, ledger_rests::within(limit)));
  name_faults(transaction, seen, most);
  return seen;
}

result<ledger_report> postgres_store::verify(int most,
                                             std::chrono::milliseconds limit) {
  overview seen;
  auto done =
      session_->survey(limit, "verify", [&](pqxx::nontransaction &transaction) {
        seen = compare_books(transaction, most, limit, session_->now());
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return std::move(seen.report);
}

result<ledger_report> postgres_store::repair_ledger(std::string_view actor,
                                                    std::string_view reason) {
  overview seen;
  act by(actor, reason);
  auto work = [&](pqxx::nontransaction &transaction) {
    auto now = session_->now();
    close_gate(transaction, session_->call_timeout());
    transaction.exec(session::whole_tables);
    // Others wait for its end.
    seen = look_over(transaction, now, 0);
    auto what_was_done = settle_faults(transaction, seen, by, now);
    by.record(transaction, "repair", "ledger", what_was_done, now);
  };
  auto done = session_->write_within(
      std::max(session_->call_timeout(), longest_repair), "repair ledger",
      [&] { return by.describe(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return std::move(seen.report);
}

} // namespace sluice::db::postgres
