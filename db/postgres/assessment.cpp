#include <algorithm>

#include "db/model/folding.hpp"
#include "db/postgres/assessment_queries.hpp"
#include "db/postgres/audit.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/gate_queries.hpp"
#include "db/postgres/looks.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/queries.hpp"

namespace sluice::db::postgres {

namespace {

using clock_text = std::optional<std::string>;

constexpr long counted_at_most = 1'000'000;

long long to_microseconds(std::chrono::milliseconds length) {
  return std::chrono::microseconds(length).count();
}

void look_at_stuck(pqxx::nontransaction &transaction,
                   const assess_request &request, const clock_text &now,
                   assessment &found) {
  auto ask = [&](const char *rest, int last) {
    return transaction.exec_params(
        std::string(sql::stuck) + rest, now,
        to_microseconds(request.stuck.stuck_after),
        to_microseconds(request.stuck.node_dead_after), depth_looks_for_stuck,
        last);
  };
  auto holders = ask(sql::stuck_holders, request.max_attempts);
  for (const auto &row : holders) {
    found.exhausted += row[4].as<long>();
    if (found.holders.size() >= static_cast<std::size_t>(request.most))
      continue;
    auto &one = found.holders.emplace_back();
    one.claimed_by = row[0].as<std::string>("");
    one.name = row[1].as<std::string>("");
    one.count = row[2].as<long>();
    if (!row[3].is_null())
      one.since = read_time(row[3].c_str());
  }
  auto items = ask(sql::stuck_items, request.most);
  for (const auto &row : items)
    found.stuck.push_back(read_item(row));
}

error_counts count_errors(pqxx::nontransaction &transaction, const char *sql,
                          int most, const clock_text &now) {
  error_counts found;
  auto rows = transaction.exec_params(sql, assess_counts_errors_of, most, now);
  for (const auto &row : rows) {
    found.items = row[3].as<long>();
    found.most.push_back({row[0].as<std::string>(), row[1].as<long>(),
                          event_id(read_uuid(row[2].c_str()))});
  }
  found.is_exact = found.items < assess_counts_errors_of;
  return found;
}

arrivals count_arrivals(pqxx::nontransaction &transaction,
                        const clock_text &now) {
  arrivals found;
  auto row =
      transaction.exec_params1(sql::arrivals, now, assess_looks_at_entries);
  found.last_minute = row[0].as<std::int64_t>();
  found.last_hour = row[1].as<std::int64_t>();
  found.is_exact = row[2].as<bool>(true);
  if (!row[3].is_null())
    found.newest = read_time(row[3].c_str());
  return found;
}

/// Among the items of these organizations; of all, without a list.
void look_at_doubled(pqxx::nontransaction &transaction, int most,
                     const std::optional<std::string> &owners,
                     assessment &found) {
  auto rows =
      transaction.exec_params(sql::doubled_items, owners, std::max(most, 1));
  found.doubled_count = 0;
  for (const auto &row : rows) {
    found.doubled_count = row[4].as<std::int64_t>();
    auto &one = found.doubled.emplace_back();
    one.id = event_id(read_uuid(row[0].c_str()));
    one.organization = organization_id(read_uuid(row[1].c_str()));
    one.status = parse_item_status(row[2].c_str()).value_or(one.status);
    one.is_same = row[3].as<bool>();
  }
}

/// Returns whose ids may be in two places.
std::string check_books(pqxx::nontransaction &transaction,
                        const assess_request &request, const clock_text &now,
                        assessment &found) {
  auto compared =
      compare_books(transaction, request.most_faults, request.limit, now);
  found.books = std::move(compared.report);
  return array_of(std::span<const organization_id>(compared.suspects));
}

std::string owners_of(std::span<const doubled_item> items) {
  return array_of(items, [](std::string &array, const doubled_item &one) {
    one.organization.value().append_to(array);
  });
}

std::string ids_of(std::span<const doubled_item> items) {
  return array_of(items, [](std::string &array, const doubled_item &one) {
    one.id.value().append_to(array);
  });
}

event_view::place place_of(std::string_view table, item_status status) {
  using place = event_view::place;
  if (table == "stored")
    return place::stored;
  if (table == "discarded")
    return place::discarded;
  switch (status) {
  case item_status::pending:
    return place::queued;
  case item_status::processing:
    return place::processing;
  case item_status::quarantined:
    return place::quarantined;
  }
  return place::queued;
}

item_record read_record(const pqxx::row &row) {
  item_record found;
  found.item = read_item(row);
  if (!row[10].is_null())
    found.dedup_id = row[10].as<std::string>();
  found.payload_bytes = row[11].as<std::int64_t>();
  if (!row[12].is_null())
    found.payload = row[12].as<std::string>();
  found.where = place_of(row[13].c_str(), found.item.status);
  if (!row[14].is_null())
    (found.where == event_view::place::stored ? found.stored_at
                                              : found.discarded_at) =
        read_time(row[14].c_str());
  found.discarded_by = row[15].as<std::string>("");
  found.reason = row[16].as<std::string>("");
  found.holder = row[17].as<std::string>("");
  return found;
}

} // namespace

result<assessment> postgres_store::assess(const assess_request &request) {
  assessment found;
  auto work = [&](pqxx::nontransaction &transaction) {
    auto now = session_->now();
    found.depth = look_at_depth(
        transaction, {.limit = counted_at_most, .stuck = request.stuck}, now);
    look_at_stuck(transaction, request, now, found);
    found.stored = count_arrivals(transaction, now);
    found.retrying =
        count_errors(transaction, sql::errors_of_retrying, request.most, now);
    found.quarantined = count_errors(transaction, sql::errors_of_quarantined,
                                     request.most, now);
    auto gate = look_at_gate(transaction, now);
    found.at = gate.now;
    found.gate = gate.state();
    found.nodes = look_at_nodes(transaction, now);
    found.verdict = look_at_verdict(transaction, now);
    std::optional<std::string> owners;
    if (request.checks_books)
      owners = check_books(transaction, request, now, found);
    if (request.looks_for_doubled)
      look_at_doubled(transaction, request.most_faults, owners, found);
  };
  auto done = session_->survey(request.limit, "assess", work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found;
}

result<recovery_outcome> postgres_store::recover(const recovery_order &order) {
  recovery_outcome outcome;
  act by(order.actor, order.reason);
  lanes_.forget();
  auto work = [&](pqxx::nontransaction &transaction, const pqxx::result &) {
    auto now = session_->now();
    auto taken =
        transaction.exec_params(sql::take_from_queue, owners_of(order.doubled),
                                ids_of(order.doubled), now);
    outcome.unqueued = static_cast<int>(taken.size());
    auto rescued = transaction.exec_params1(
        sql::rescue_items, to_microseconds(order.rescue.stuck.stuck_after),
        to_microseconds(order.rescue.stuck.node_dead_after),
        order.rescue.max_attempts, now);
    outcome.rescued = rescued[0].as<int>();
    outcome.quarantined = rescued[1].as<int>();
    if (outcome.changed() == 0)
      return;
    std::string ids;
    for (const auto &row : taken)
      ids.append(ids.empty() ? "" : " ").append(row[0].c_str());
    by.record(transaction, "recover", db::describe(outcome), ids, now);
  };
  auto done = session_->write_after(
      "recover", [&] { return by.describe(); },
      [] { return std::string(sql::enter_gate); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return outcome;
}

result<std::vector<item_record>> postgres_store::find_item(event_id id,
                                                           bool with_payload) {
  std::vector<item_record> found;
  auto done = session_->read(
      "find_item",
      [&](pqxx::nontransaction &transaction) {
        auto rows = transaction.exec_params(sql::find_item, id.to_string(),
                                            with_payload);
        for (const auto &row : rows)
          found.push_back(read_record(row));
      },
      session::planning::by_index);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return found;
}

result<std::int64_t> postgres_store::note_act(const act_note &note) {
  std::int64_t position = 0;
  act by(note.actor, note.reason);
  auto work = [&](pqxx::nontransaction &transaction) {
    by.record(transaction, note.action, note.target, {}, session_->now());
    position = transaction.exec1(sql::position_of_act)[0].as<std::int64_t>();
  };
  auto done = session_->write(
      "note act", [&] { return by.describe(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return position;
}

result<void> postgres_store::note_outcome(std::int64_t position,
                                          std::string_view outcome) {
  constexpr std::size_t longest_outcome = 1000;
  return session_->write(
      "note outcome", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        transaction.exec_params(sql::note_outcome,
                                static_cast<long long>(position),
                                storable_line(outcome, longest_outcome));
      });
}

} // namespace sluice::db::postgres
