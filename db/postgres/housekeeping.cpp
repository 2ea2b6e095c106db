#include "db/model/folding.hpp"
#include "db/postgres/housekeeping_queries.hpp"
#include "db/postgres/looks.hpp"
#include "db/postgres/postgres_store.hpp"

namespace sluice::db::postgres {

namespace {

const char *key_of(duty what) {
  switch (what) {
  case duty::housekeeping:
    return "duty.housekeeping";
  }
  return "";
}

} // namespace

result<bool> postgres_store::hold_duty(node_id self, duty what,
                                       std::chrono::milliseconds lease) {
  auto holder = self.to_string();
  auto milliseconds = static_cast<long long>(lease.count());
  bool is_ours = false;
  bool is_free = false;
  auto seen =
      session_->look("hold duty", [&](pqxx::nontransaction &transaction) {
        auto row =
            transaction.exec_params1(sql::look_at_duty, key_of(what), holder,
                                     milliseconds, session_->now());
        bool is_held = row[1].as<bool>();
        is_ours = is_held && row[2].as<bool>();
        // A node that is taken for dead itself would lose it at once.
        is_free = !is_held && row[0].as<bool>();
      });
  if (!seen)
    return tl::unexpected(std::move(seen.error()));
  if (!is_free)
    return is_ours;
  auto done = session_->write(
      "hold duty", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        is_ours = transaction
                      .exec_params(sql::take_duty, key_of(what), holder,
                                   milliseconds, session_->now())
                      .affected_rows() > 0;
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return is_ours;
}

result<void> postgres_store::keep_verdict(const ledger_verdict &found) {
  return session_->write(
      "keep verdict", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        transaction.exec_params(
            sql::put_control, std::string(verdict_key), write_verdict(found),
            static_cast<long long>(found.checked_at.time_since_epoch().count()),
            session_->now());
      });
}

std::optional<ledger_verdict>
look_at_verdict(pqxx::nontransaction &transaction,
                const std::optional<std::string> &now) {
  auto rows = transaction.exec_params(sql::dated_control,
                                      std::string(verdict_key), now);
  if (rows.empty())
    return std::nullopt;
  auto verdict = read_verdict(rows[0][0].c_str());
  if (verdict)
    verdict->age = std::chrono::microseconds(rows[0][1].as<long long>());
  return verdict;
}

result<std::optional<ledger_verdict>> postgres_store::last_verdict() {
  std::optional<ledger_verdict> verdict;
  auto done =
      session_->look("last verdict", [&](pqxx::nontransaction &transaction) {
        verdict = look_at_verdict(transaction, session_->now());
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return verdict;
}

} // namespace sluice::db::postgres
