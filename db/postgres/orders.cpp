#include "db/postgres/audit.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/gate_queries.hpp"
#include "db/postgres/postgres_store.hpp"

namespace sluice::db::postgres {

namespace {

/// Writes `audit_log` for the items that an order was carried out on; nothing
/// when there are none. Returns how many.
int record(const act &by, pqxx::nontransaction &transaction, const char *action,
           const item_order &order, const pqxx::result &changed,
           const std::optional<std::string> &now) {
  if (changed.empty())
    return 0;
  std::string ids;
  for (const auto &row : changed)
    ids.append(ids.empty() ? "" : " ").append(row[0].c_str());
  by.record(transaction, action,
            std::to_string(changed.size()) + " of " +
                std::to_string(order.ids.size()) + " items",
            ids, now);
  return static_cast<int>(changed.size());
}

} // namespace

result<int> postgres_store::requeue(const item_order &order) {
  if (order.ids.empty())
    return 0;
  auto count = 0;
  act by(order.actor, order.reason);
  lanes_.forget();
  auto work = [&](pqxx::nontransaction &transaction, const pqxx::result &) {
    auto now = session_->now();
    auto changed =
        transaction.exec_params(sql::requeue, array_of(order.ids), now);
    count = record(by, transaction, "requeue", order, changed, now);
  };
  auto done = session_->write_after(
      "requeue", [&] { return by.describe(); },
      [] { return std::string(sql::enter_gate); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return count;
}

result<int> postgres_store::discard(const item_order &order) {
  if (order.ids.empty())
    return 0;
  auto count = 0;
  act by(order.actor, order.reason);
  auto work = [&](pqxx::nontransaction &transaction, const pqxx::result &) {
    auto now = session_->now();
    auto changed = transaction.exec_params(sql::discard, array_of(order.ids),
                                           now, by.reason(), by.actor());
    count = record(by, transaction, "discard", order, changed, now);
  };
  auto done = session_->write_after(
      "discard", [&] { return by.describe(); },
      [] { return std::string(sql::enter_gate); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return count;
}

} // namespace sluice::db::postgres
