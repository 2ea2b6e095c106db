#include "db/sqlite/gate.hpp"

#include <algorithm>
#include <string>

#include "db/sqlite/booking.hpp"
#include "db/sqlite/gate_values.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

constexpr char begin_key[] = "gate.drain_begin";
constexpr char certificate_key[] = "gate.last_drain";

std::int64_t ask(connection &database, const char *sql) {
  auto query = database.statement(sql);
  return query.next() ? query.number(0) : 0;
}

std::optional<timestamp> as_time(std::optional<std::int64_t> count) {
  if (!count)
    return std::nullopt;
  return timestamp(std::chrono::microseconds(*count));
}

std::string as_text(const std::optional<timestamp> &at) {
  return at ? std::to_string(at->time_since_epoch().count()) : std::string();
}

void put_gate(connection &database, const gate_state &state, timestamp now) {
  const std::pair<const char *, std::string> values[] = {
      {"gate.version", std::to_string(state.version)},
      {"gate.ingest", std::string(to_string(state.ingest))},
      {"gate.processing", std::string(to_string(state.processing))},
      {"gate.delivery", std::string(to_string(state.delivery))},
      {"gate.retry_after", std::to_string(state.retry_after.count())},
      {"gate.resume_at", as_text(state.resume_at)},
      {"gate.drain_until", as_text(state.drain_until)},
      {"gate.changed_by", state.changed_by},
      {"gate.reason", state.reason},
      {"gate.changed_at", as_text(state.changed_at)},
  };
  for (const auto &[key, value] : values)
    put_gate_value(database, key, value, now);
}

/// The dials that a change names, for the audit log.
std::string named_dials(const gate_change &change) {
  std::string named;
  auto add = [&](std::string_view dial, std::string_view value) {
    named.append(named.empty() ? "" : " ").append(dial).append("=");
    named.append(value);
  };
  if (change.ingest)
    add("ingest", to_string(*change.ingest));
  if (change.processing)
    add("processing", to_string(*change.processing));
  if (change.delivery)
    add("delivery", to_string(*change.delivery));
  if (change.retry_after)
    add("retry_after", std::to_string(change.retry_after->count()));
  return named;
}

/// When the drain is to be given up, if it still is one. A change that leaves
/// `processing` alone leaves its limit alone as well.
std::optional<timestamp> drain_limit(const gate_state &before,
                                     const gate_change &change, timestamp now) {
  if (change.processing.value_or(before.processing) !=
      processing_mode::draining)
    return std::nullopt;
  if (change.drain_within)
    return now + *change.drain_within;
  return change.processing ? std::nullopt : before.drain_until;
}

gate_state changed(const gate_state &before, const gate_change &change,
                   timestamp now) {
  auto after = before;
  ++after.version;
  after.ingest = change.ingest.value_or(before.ingest);
  after.processing = change.processing.value_or(before.processing);
  after.delivery = change.delivery.value_or(before.delivery);
  after.retry_after = change.retry_after.value_or(before.retry_after);
  after.resume_at.reset();
  if (change.resume_after)
    after.resume_at = now + *change.resume_after;
  after.drain_until = drain_limit(before, change, now);
  after.changed_by = one_line(change.actor);
  after.reason = one_line(change.reason);
  after.changed_at = now;
  return after;
}

drain_begin begin_of_drain(connection &database, timestamp now) {
  return {ask(database, sql::ledger_position), now,
          ask(database, sql::count_waiting),
          ask(database, sql::count_quarantined)};
}

/// What the ledger says of (from, to].
class ledger_span {
public:
  ledger_span(connection &database, std::int64_t from, std::int64_t to) {
    auto rows = database.statement(sql::ledger_counts);
    rows.bind(1, from).bind(2, to);
    while (rows.next())
      counts_.emplace(rows.text(0), rows.number(1));
  }

  std::int64_t of(const std::string &kind) const {
    auto found = counts_.find(kind);
    return found != counts_.end() ? found->second : 0;
  }

private:
  std::map<std::string, std::int64_t> counts_;
};

/// Nothing waits: each item that did has gone into the log, was taken away,
/// or is in quarantine.
drain_certificate certify(connection &database, const drain_begin &begin,
                          timestamp now) {
  drain_certificate made;
  made.begun_at = begin.at;
  made.ended_at = now;
  made.from = begin.position;
  made.to = ask(database, sql::ledger_position);
  made.waiting_before = begin.waiting;
  made.quarantined = ask(database, sql::count_quarantined);
  ledger_span entries(database, made.from, made.to);
  made.accepted = entries.of("accepted");
  made.requeued = entries.of("requeued");
  made.stored = entries.of("stored");
  made.discarded = entries.of("discarded") + entries.of("undoubled");
  made.newly_quarantined = made.quarantined - begin.quarantined +
                           made.requeued + entries.of("discarded_quarantined") +
                           entries.of("undoubled_quarantined");
  return made;
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

gate_state read_gate(connection &database, timestamp now) {
  gate_values values(database);
  gate_state found;
  found.version = values.number("gate.version").value_or(0);
  found.ingest =
      parse_ingest_mode(values.text("gate.ingest")).value_or(found.ingest);
  found.processing = parse_processing_mode(values.text("gate.processing"))
                         .value_or(found.processing);
  found.delivery = parse_delivery_mode(values.text("gate.delivery"))
                       .value_or(found.delivery);
  if (auto seconds = values.number("gate.retry_after"))
    found.retry_after = std::chrono::seconds(*seconds);
  found.resume_at = as_time(values.number("gate.resume_at"));
  found.drain_until = as_time(values.number("gate.drain_until"));
  found.changed_by = values.text("gate.changed_by");
  found.reason = values.text("gate.reason");
  found.changed_at =
      as_time(values.number("gate.changed_at")).value_or(timestamp());
  found.is_resume_due = found.resume_at && *found.resume_at <= now;
  found.is_drain_overdue = found.processing == processing_mode::draining &&
                           found.drain_until && *found.drain_until <= now;
  return found;
}

std::optional<drain_certificate> last_drain(connection &database) {
  auto line = gate_values(database).text(certificate_key);
  if (line.empty())
    return std::nullopt;
  return read_certificate(line);
}

std::optional<gate_state>
change_gate(connection &database, const gate_change &change, timestamp now) {
  auto before = read_gate(database, now);
  if (change.expected_version.value_or(before.version) != before.version)
    return std::nullopt;
  auto after = changed(before, change, now);
  // A drain that is under way keeps the beginning that it had.
  if (after.processing == processing_mode::draining &&
      before.processing != processing_mode::draining)
    put_gate_value(database, begin_key, write(begin_of_drain(database, now)),
                   now);
  put_gate(database, after, now);
  audit(
      database,
      {change.actor, "gate", named_dials(change), change.reason, write(after)},
      now);
  return read_gate(database, now);
}

std::optional<drain_certificate> finish_drain(connection &database,
                                              timestamp now) {
  auto state = read_gate(database, now);
  if (state.processing != processing_mode::draining ||
      ask(database, sql::is_anything_waiting) != 0)
    return std::nullopt;
  auto begin = read_begin(gate_values(database).text(begin_key));
  auto made = certify(database, begin, now);
  auto line = write(made);
  ++state.version;
  state.processing = processing_mode::drained;
  state.drain_until.reset();
  state.changed_by = "sluice";
  state.reason = "nothing is pending or processing any more";
  state.changed_at = now;
  put_gate(database, state, now);
  put_gate_value(database, certificate_key, line, now);
  audit(database,
        {state.changed_by, "drained", "processing=drained", state.reason, line},
        now);
  return made;
}

} // namespace sluice::db::sqlite
