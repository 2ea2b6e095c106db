#include <algorithm>
#include <limits>
#include <vector>

#include "db/model/folding.hpp"
#include "db/model/gate_rows.hpp"
#include "db/model/pair_line.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/housekeeping_queries.hpp"
#include "db/postgres/postgres_store.hpp"

namespace sluice::db::postgres {

namespace {

/// Where folding stands, and what limits it.
struct fold_limits {
  std::int64_t folded_to = 0;
  std::int64_t newest_allowed = std::numeric_limits<std::int64_t>::max();
  bool is_balanced = true;
};

fold_limits read_limits(pqxx::nontransaction &transaction) {
  fold_limits found;
  gate_rows rows;
  auto answer = transaction.exec_params(
      sql::fold_state, std::string(folded_to_key), std::string(verdict_key));
  for (const auto &row : answer)
    rows.emplace(row[0].c_str(), row[1].c_str());
  if (auto at = rows.find(folded_to_key); at != rows.end())
    found.folded_to = read_number(at->second).value_or(0);
  if (auto at = rows.find(verdict_key); at != rows.end())
    if (auto verdict = read_verdict(at->second))
      found.is_balanced = verdict->is_balanced;
  // A drain counts the entries behind its beginning.
  if (auto begun = drain_position(rows))
    found.newest_allowed = *begun;
  return found;
}

template <class Kinds>
std::string array_of_kinds(const Kinds &kinds) {
  return array_of(kinds, [](std::string &array, std::string_view kind) {
    append_quoted(array, kind);
  });
}

/// One call's work on the ledger.
class folding_pass {
public:
  folding_pass(pqxx::nontransaction &transaction,
               const compaction_request &request,
               const std::optional<std::string> &now)
      : transaction_(transaction), request_(request), now_(now),
        limits_(read_limits(transaction)) {}

  compaction_outcome run() {
    if (!limits_.is_balanced)
      return {};
    auto window = look_ahead();
    if (!window.is_worth_it())
      return {};
    if (window.is_write_off() && settle(window.last()))
      return {.folded = 0, .made = 0, .has_more = true};
    return fold_up_to(window);
  }

private:
  folding_window look_ahead() {
    folding_window window(request_);
    auto rows = transaction_.exec_params(
        sql::entries_to_fold, number(limits_.folded_to),
        number(limits_.newest_allowed), number(request_.older_than.count()),
        request_.limit + 1, now_);
    for (const auto &row : rows)
      if (!window.take({.position = row[0].as<std::int64_t>(),
                        .kind = row[1].c_str(),
                        .count = row[2].as<std::int64_t>(),
                        .is_old = row[3].as<bool>()}))
        break;
    return window;
  }

  bool settle(std::int64_t position) {
    auto changed = transaction_.exec_params(
        sql::settle, number(position), number(limits_.folded_to), most_holders);
    std::vector<std::int64_t> emptied;
    for (const auto &row : changed)
      if (!row[0].is_null())
        emptied.push_back(row[0].as<std::int64_t>());
    std::sort(emptied.begin(), emptied.end());
    for (auto at : emptied)
      transaction_.exec_params(sql::join_emptied, number(at));
    return !changed.empty();
  }

  compaction_outcome fold_up_to(const folding_window &window) {
    auto row = transaction_.exec_params1(
        sql::fold, number(limits_.folded_to), number(window.last()),
        array_of_kinds(kinds_with_ids), array_of_kinds(kinds_of_numbers),
        most_neighbours, number(full_entry));
    transaction_.exec_params(sql::put_control, std::string(folded_to_key),
                             std::to_string(window.last()),
                             number(window.last()), now_);
    return {.folded = row[0].as<int>(),
            .made = row[1].as<int>(),
            .has_more = window.has_more()};
  }

  static long long number(std::int64_t value) { return value; }

  pqxx::nontransaction &transaction_;
  const compaction_request &request_;
  const std::optional<std::string> &now_;
  fold_limits limits_;
};

} // namespace

result<compaction_outcome>
postgres_store::compact_ledger(const compaction_request &request) {
  compaction_outcome outcome;
  auto work = [&](pqxx::nontransaction &transaction,
                  const pqxx::result &opened) {
    auto now = session_->now();
    // Otherwise somebody else is at it.
    if (opened.at(0)[0].as<bool>())
      outcome = folding_pass(transaction, request, now).run();
  };
  auto done = session_->write_after(
      "compact ledger", [] { return doubt(); },
      [] { return std::string(sql::begin_fold); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return outcome;
}

} // namespace sluice::db::postgres
