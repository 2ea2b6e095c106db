#include "db/postgres/delivery_queries.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/replay_step.hpp"

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

/// Behind it there is nothing that was stored before `until`.
std::optional<std::string> end_of(const replay_order &order) {
  if (!order.until)
    return std::nullopt;
  return uuid::first_v7(
             std::chrono::duration_cast<std::chrono::milliseconds>(
                 (*order.until + slack_of_clocks).time_since_epoch()))
      .to_string();
}

pqxx::result look(pqxx::nontransaction &transaction,
                  const replay_order &order) {
  auto ask = [&](const char *statement, const auto &...event) {
    return transaction.exec_params(
        statement, order.organization.to_string(), text_of(order.endpoint),
        text_of(order.since), text_of(order.until), text_of(order.after),
        order.limit,
        order.looks > 0 ? order.looks : order.limit * looks_for_each,
        end_of(order), event...);
  };
  if (!order.event)
    return ask(order.dead_letters_only ? sql::look_at_dead : sql::look_at_all);
  return ask(order.dead_letters_only ? sql::look_at_dead_of_event
                                     : sql::look_at_event,
             order.event->to_string());
}

} // namespace

replay_outcome replay_some(pqxx::nontransaction &transaction,
                           const replay_order &order,
                           const std::optional<std::string> &now) {
  replay_outcome outcome;
  std::vector<delivery_id> chosen;
  auto rows = look(transaction, order);
  for (const auto &row : rows) {
    if (!row[0].is_null())
      chosen.emplace_back(read_uuid(row[0].c_str()));
    if (row[2].as<bool>() && !row[1].is_null())
      outcome.next = delivery_id(read_uuid(row[1].c_str()));
    outcome.examined = row[3].as<int>();
  }
  outcome.count = static_cast<int>(chosen.size());
  if (order.is_dry_run || chosen.empty())
    return outcome;
  outcome.count = static_cast<int>(
      transaction
          .exec_params(sql::replay, order.organization.to_string(),
                       array_of(std::span<const delivery_id>(chosen)), now)
          .affected_rows());
  return outcome;
}

result<replay_outcome>
postgres_store::replay_deliveries(const replay_order &order) {
  replay_outcome outcome;
  auto work = [&](pqxx::nontransaction &transaction) {
    outcome = replay_some(transaction, order, session_->now());
  };
  auto done = session_->write(
      "replay deliveries", [] { return doubt(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return outcome;
}

} // namespace sluice::db::postgres
