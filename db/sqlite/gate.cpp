#include "db/sqlite/gate.hpp"

#include "db/model/gate_rows.hpp"
#include "db/sqlite/booking.hpp"
#include "db/sqlite/delivery_queries.hpp"
#include "db/sqlite/errors.hpp"
#include "db/sqlite/overrides.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

std::int64_t ask(connection &database, const char *sql) {
  auto query = database.statement(sql);
  return query.next() ? query.number(0) : 0;
}

gate_rows rows_of_gate(connection &database) {
  gate_rows rows;
  auto query = database.statement(sql::gate_rows);
  while (query.next())
    rows.emplace(query.text(0), query.text(1));
  return rows;
}

void save(connection &database, const gate_rows &rows, const gate_state &state,
          timestamp now) {
  database.statement(sql::forget_gate).run();
  auto query = database.statement(sql::add_gate_row);
  for (const auto &[key, value] : rows)
    query.bind(1, key).bind(2, value).bind(3, state.version).bind(4, now).run();
}

drain_beginning begin_drain(connection &database, timestamp now) {
  return {now, ask(database, sql::ledger_position),
          ask(database, sql::count_waiting),
          ask(database, sql::count_quarantined)};
}

drain_ending end_drain(connection &database, const drain_beginning &begun,
                       timestamp now) {
  drain_ending ended;
  ended.at = now;
  ended.position = ask(database, sql::ledger_position);
  ended.quarantined = ask(database, sql::count_quarantined);
  auto counts = database.statement(sql::ledger_counts);
  counts.bind(1, begun.position);
  while (counts.next())
    ended.booked.emplace(counts.text(0), counts.number(1));
  return ended;
}

} // namespace

ingest_mode read_ingest_mode(connection &database) {
  auto query = database.statement(sql::gate_ingest);
  if (!query.next())
    return ingest_mode::async;
  return parse_ingest_mode(query.text_view(0)).value_or(ingest_mode::async);
}

bool is_claiming_paused(connection &database) {
  auto query = database.statement(sql::gate_processing);
  if (!query.next())
    return false;
  auto mode = parse_processing_mode(query.text_view(0));
  return mode == processing_mode::paused || mode == processing_mode::drained;
}

bool is_delivery_paused(connection &database) {
  auto query = database.statement(sql::gate_delivery);
  return query.next() &&
         parse_delivery_mode(query.text_view(0)) == delivery_mode::paused;
}

gate_state read_gate(connection &database, timestamp now) {
  auto state = db::read_gate(rows_of_gate(database), now);
  state.settings_version = overrides_version(database);
  return state;
}

std::optional<drain_certificate> last_drain(connection &database) {
  return read_last_drain(rows_of_gate(database));
}

std::optional<std::int64_t> drain_position(connection &database) {
  return db::drain_position(rows_of_gate(database));
}

std::optional<gate_state> change_gate(connection &database,
                                      const gate_change &asked, timestamp now) {
  auto change = asked;
  change.actor = one_line(asked.actor);
  change.reason = one_line(asked.reason);
  auto rows = rows_of_gate(database);
  auto before = db::read_gate(rows, now);
  auto changed = after_change(before, change, now);
  if (!changed)
    return std::nullopt;
  // A drain that is under way keeps the beginning that it had.
  using enum processing_mode;
  if (changed->processing == draining && before.processing != draining)
    write_drain_beginning(rows, begin_drain(database, now));
  write_gate(rows, *changed);
  save(database, rows, *changed, now);
  audit(database,
        {change.actor, "gate", describe(change), change.reason,
         describe(*changed)},
        now);
  return changed;
}

std::optional<drain_certificate> finish_drain(connection &database,
                                              timestamp now) {
  auto rows = rows_of_gate(database);
  auto state = db::read_gate(rows, now);
  if (state.processing != processing_mode::draining ||
      ask(database, sql::is_anything_waiting) != 0)
    return std::nullopt;
  auto begun = read_drain_beginning(rows);
  if (!begun)
    throw refusal(errc::rejected, "control has no gate.drain_begin");
  auto drained = after_drain(state, now);
  auto proof = certify(*begun, end_drain(database, *begun, now));
  write_last_drain(rows, proof);
  write_gate(rows, drained);
  save(database, rows, drained, now);
  audit(database,
        {drained.changed_by, "drained", describe(drained), drained.reason,
         describe(proof)},
        now);
  return proof;
}

} // namespace sluice::db::sqlite
