#include <string>
#include <vector>

#include "db/sqlite/deliveries.hpp"
#include "db/sqlite/delivery_queries.hpp"

namespace sluice::db::sqlite {

namespace {

/// Deliveries that one step looks at for each that it may choose: few of many
/// may fit, and a step has to end in time.
constexpr std::int64_t looks_for_each = 10;

const char *look_of(const replay_order &order) {
  if (order.event)
    return order.dead_letters_only ? sql::replay_dead_of_event
                                   : sql::replay_event;
  return order.dead_letters_only ? sql::replay_dead : sql::replay_all;
}

template <class Value>
void bind_given(statement_loan &query, int at,
                const std::optional<Value> &value) {
  if (value)
    query.bind(at, *value);
  else
    query.bind_null(at);
}

/// Behind it there is nothing that was stored before `until`.
uuid last_of(const replay_order &order) {
  uuid::bytes_type bytes{};
  bytes.fill(0xFF);
  if (!order.until)
    return uuid(bytes);
  return uuid::first_v7(std::chrono::duration_cast<std::chrono::milliseconds>(
      (*order.until + slack_of_clocks).time_since_epoch()));
}

/// The rows that fit; sets how many were looked at, and where the next step
/// begins.
std::vector<std::int64_t> choose(connection &database,
                                 const replay_order &order,
                                 replay_outcome &outcome) {
  std::vector<std::int64_t> chosen;
  auto rows = database.statement(look_of(order));
  rows.bind(1, order.organization).bind(2, order.after.value_or(delivery_id()));
  bind_given(rows, 3, order.endpoint);
  bind_given(rows, 4, order.since);
  bind_given(rows, 5, order.until);
  if (order.event)
    rows.bind(6, *order.event);
  std::optional<delivery_id> last;
  auto left = order.looks > 0 ? order.looks : order.limit * looks_for_each;
  const auto end = last_of(order);
  for (; rows.next(); --left) {
    auto is_full = static_cast<std::int64_t>(chosen.size()) >= order.limit;
    if (rows.id(1) > end)
      break;
    if (is_full || left == 0) {
      outcome.next = last;
      break;
    }
    ++outcome.examined;
    last = delivery_id(rows.id(1));
    if (rows.number(2) != 0)
      chosen.push_back(rows.number(0));
  }
  return chosen;
}

} // namespace

replay_outcome replay_deliveries(connection &database,
                                 const replay_order &order, timestamp now) {
  replay_outcome outcome;
  auto chosen = choose(database, order, outcome);
  outcome.count = static_cast<int>(chosen.size());
  if (order.is_dry_run)
    return outcome;
  auto query = database.statement(sql::replay_delivery);
  for (auto place : chosen)
    query.bind(1, place).bind(2, now).run();
  return outcome;
}

} // namespace sluice::db::sqlite
