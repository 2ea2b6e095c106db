#include "db/postgres/delivery_queries.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"

namespace sluice::db::postgres {

namespace {

/// Deliveries that one step looks at for each that it may choose: few of many
/// may fit, and a step has to end in time.
constexpr int looks_for_each = 10;

template <class Id>
std::optional<std::string> text_of(const std::optional<Id> &id) {
  return id ? std::optional(id->to_string()) : std::nullopt;
}

std::optional<std::string> text_of(const std::optional<timestamp> &at) {
  return at ? std::optional(to_rfc3339(*at)) : std::nullopt;
}

pqxx::result look(pqxx::nontransaction &transaction,
                  const replay_order &order) {
  auto ask = [&](const char *statement, const auto &...event) {
    return transaction.exec_params(
        statement, order.organization.to_string(), text_of(order.endpoint),
        text_of(order.since), text_of(order.until), text_of(order.after),
        order.limit, order.limit * looks_for_each, event...);
  };
  if (!order.event)
    return ask(order.dead_letters_only ? sql::look_at_dead : sql::look_at_all);
  return ask(order.dead_letters_only ? sql::look_at_dead_of_event
                                     : sql::look_at_event,
             order.event->to_string());
}

} // namespace

result<replay_outcome>
postgres_store::replay_deliveries(const replay_order &order) {
  replay_outcome outcome;
  auto work = [&](pqxx::nontransaction &transaction) {
    std::vector<delivery_id> chosen;
    auto rows = look(transaction, order);
    for (const auto &row : rows) {
      if (!row[0].is_null())
        chosen.emplace_back(read_uuid(row[0].c_str()));
      if (row[2].as<bool>() && !row[1].is_null())
        outcome.next = delivery_id(read_uuid(row[1].c_str()));
    }
    outcome.count = static_cast<int>(chosen.size());
    if (order.is_dry_run || chosen.empty())
      return;
    outcome.count = static_cast<int>(
        transaction
            .exec_params(sql::replay, order.organization.to_string(),
                         array_of(std::span<const delivery_id>(chosen)),
                         session_->now())
            .affected_rows());
  };
  auto done = session_->write(
      "replay deliveries", [] { return doubt(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return outcome;
}

} // namespace sluice::db::postgres
