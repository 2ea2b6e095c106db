#include "db/model/gate_rows.hpp"
#include "db/model/pair_line.hpp"
#include "db/postgres/audit.hpp"
#include "db/postgres/encoding.hpp"
#include "db/postgres/gate_queries.hpp"
#include "db/postgres/looks.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/queries.hpp"

namespace sluice::db::postgres {

namespace {

using clock_text = std::optional<std::string>;

void save_gate(pqxx::nontransaction &transaction, const gate_rows &rows,
               const gate_state &state, const clock_text &now) {
  auto keys = array_of(rows, [](std::string &array, const auto &row) {
    append_quoted(array, row.first);
  });
  auto values = array_of(rows, [](std::string &array, const auto &row) {
    append_quoted(array, row.second);
  });
  transaction.exec_params(sql::save_gate, keys, values,
                          static_cast<long long>(state.version), now);
}

drain_beginning begin_drain(pqxx::nontransaction &transaction, timestamp now) {
  auto row = transaction.exec1(sql::count_queue);
  return {now, row[0].as<std::int64_t>(), row[1].as<std::int64_t>(),
          row[2].as<std::int64_t>()};
}

bool is_busy(pqxx::nontransaction &transaction) {
  return transaction.exec1(sql::is_queue_busy)[0].as<bool>();
}

drain_ending end_drain(pqxx::nontransaction &transaction,
                       const drain_beginning &begun, timestamp now) {
  auto row = transaction.exec1(sql::count_queue);
  drain_ending ended{
      now, row[0].as<std::int64_t>(), row[2].as<std::int64_t>(), {}};
  auto counts = transaction.exec_params(sql::ledger_counts,
                                        static_cast<long long>(begun.position));
  for (const auto &count : counts)
    ended.booked.emplace(count[0].c_str(), count[1].as<std::int64_t>());
  return ended;
}

} // namespace

gate_state seen_gate::state() const {
  auto state = read_gate(rows, now);
  state.settings_version = settings_version;
  return state;
}

seen_gate look_at_gate(pqxx::nontransaction &transaction,
                       const clock_text &now) {
  seen_gate seen;
  auto rows = transaction.exec_params(sql::gate_rows, now);
  for (const auto &row : rows) {
    seen.now = read_time(row[0].c_str());
    if (row[1].is_null())
      continue;
    if (std::string_view(row[1].c_str()) == "settings.version")
      seen.settings_version = read_number(row[2].c_str()).value_or(0);
    else
      seen.rows.emplace(row[1].c_str(), row[2].c_str());
  }
  return seen;
}

result<gate_state> postgres_store::gate() {
  gate_state state;
  auto done = session_->look("gate", [&](pqxx::nontransaction &transaction) {
    state = look_at_gate(transaction, session_->now()).state();
  });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return state;
}

result<std::optional<gate_state>>
postgres_store::change_gate(const gate_change &asked) {
  if (asked.processing == processing_mode::drained)
    return fail(errc::rejected, "gate: only a drain that ends is `drained`");
  act by(asked.actor, asked.reason);
  auto change = asked;
  change.actor = by.actor();
  change.reason = by.reason();
  std::optional<gate_state> changed;
  auto work = [&](pqxx::nontransaction &transaction) {
    auto now = session_->now();
    close_gate(transaction, session_->call_timeout());
    auto seen = look_at_gate(transaction, now);
    auto before = seen.state();
    changed = after_change(before, change, seen.now);
    if (!changed)
      return;
    using enum processing_mode;
    if (changed->processing == draining && before.processing != draining)
      write_drain_beginning(seen.rows, begin_drain(transaction, seen.now));
    write_gate(seen.rows, *changed);
    save_gate(transaction, seen.rows, *changed, now);
    by.record(transaction, "gate", db::describe(change), db::describe(*changed),
              now);
  };
  auto done = session_->write(
      "change gate", [&] { return by.describe(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return changed;
}

result<std::optional<drain_certificate>> postgres_store::finish_drain() {
  act by("sluice", "nothing is pending or processing any more");
  std::optional<drain_certificate> certificate;
  auto work = [&](pqxx::nontransaction &transaction) {
    auto now = session_->now();
    auto is_ready = [&](const seen_gate &seen) {
      return seen.state().processing == processing_mode::draining &&
             !is_busy(transaction);
    };
    // Asked often and in vain: the gate is closed only when it looks done.
    if (!is_ready(look_at_gate(transaction, now)))
      return;
    close_gate(transaction, session_->call_timeout());
    auto seen = look_at_gate(transaction, now);
    auto begun = read_drain_beginning(seen.rows);
    if (!is_ready(seen))
      return;
    if (!begun)
      throw refusal(errc::rejected, "control has no gate.drain_begin");
    auto drained = after_drain(seen.state(), seen.now);
    certificate = certify(*begun, end_drain(transaction, *begun, seen.now));
    write_last_drain(seen.rows, *certificate);
    write_gate(seen.rows, drained);
    save_gate(transaction, seen.rows, drained, now);
    by.record(transaction, "drained", db::describe(drained),
              db::describe(*certificate), now);
  };
  auto done = session_->write(
      "finish drain", [&] { return by.describe(); }, work);
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return certificate;
}

result<std::optional<drain_certificate>> postgres_store::last_drain() {
  std::optional<drain_certificate> certificate;
  auto done =
      session_->look("last drain", [&](pqxx::nontransaction &transaction) {
        certificate = read_last_drain(look_at_gate(transaction, {}).rows);
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return certificate;
}

} // namespace sluice::db::postgres
