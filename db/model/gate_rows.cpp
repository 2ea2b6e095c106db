#include "db/model/gate_rows.hpp"

#include <array>
#include <utility>

#include "db/model/pair_line.hpp"

namespace sluice::db {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view version_key = "gate.version";
constexpr std::string_view ingest_key = "gate.ingest";
constexpr std::string_view processing_key = "gate.processing";
constexpr std::string_view delivery_key = "gate.delivery";
constexpr std::string_view retry_after_key = "gate.retry_after";
constexpr std::string_view resume_at_key = "gate.resume_at";
constexpr std::string_view drain_until_key = "gate.drain_until";
constexpr std::string_view changed_by_key = "gate.changed_by";
constexpr std::string_view reason_key = "gate.reason";
constexpr std::string_view changed_at_key = "gate.changed_at";
constexpr std::string_view drain_begin_key = "gate.drain_begin";
constexpr std::string_view last_drain_key = "gate.last_drain";

constexpr std::string_view finisher = "sluice";
constexpr std::string_view finished =
    "nothing is pending or processing any more";

std::string_view find(const gate_rows &rows, std::string_view key) {
  auto found = rows.find(key);
  return found == rows.end() ? std::string_view() : found->second;
}

std::int64_t to_number(timestamp at) {
  return at.time_since_epoch().count();
}

timestamp to_time(std::int64_t microseconds) {
  return timestamp(std::chrono::microseconds(microseconds));
}

std::optional<timestamp> find_time(const gate_rows &rows,
                                   std::string_view key) {
  auto value = read_number(find(rows, key));
  return value ? std::optional(to_time(*value)) : std::nullopt;
}

void put(gate_rows &rows, std::string_view key, std::string value) {
  rows.insert_or_assign(std::string(key), std::move(value));
}

void put(gate_rows &rows, std::string_view key, std::optional<timestamp> at) {
  if (at)
    put(rows, key, std::to_string(to_number(*at)));
  else
    rows.erase(std::string(key));
}

constexpr std::array<std::pair<const char *, std::int64_t drain_certificate::*>,
                     9>
    counts{{
        {"from", &drain_certificate::from},
        {"to", &drain_certificate::to},
        {"waiting_before", &drain_certificate::waiting_before},
        {"accepted", &drain_certificate::accepted},
        {"requeued", &drain_certificate::requeued},
        {"stored", &drain_certificate::stored},
        {"discarded", &drain_certificate::discarded},
        {"newly_quarantined", &drain_certificate::newly_quarantined},
        {"quarantined", &drain_certificate::quarantined},
    }};

void compare_with(gate_state &state, timestamp now) {
  state.is_resume_due = state.resume_at && *state.resume_at <= now;
  state.is_drain_overdue = state.processing == processing_mode::draining &&
                           state.drain_until && *state.drain_until <= now;
}

std::optional<timestamp> later(timestamp now,
                               const std::optional<milliseconds> &by) {
  return by ? std::optional(now + *by) : std::nullopt;
}

std::optional<timestamp> next_drain_limit(const gate_state &before,
                                          const gate_change &change,
                                          processing_mode next, timestamp now) {
  if (next != processing_mode::draining)
    return std::nullopt;
  auto is_kept = !change.processing && !change.drain_within;
  return is_kept ? before.drain_until : later(now, change.drain_within);
}

} // namespace

gate_state read_gate(const gate_rows &rows, timestamp now) {
  gate_state state;
  state.version = read_number(find(rows, version_key)).value_or(0);
  state.ingest =
      parse_ingest_mode(find(rows, ingest_key)).value_or(state.ingest);
  state.processing = parse_processing_mode(find(rows, processing_key))
                         .value_or(state.processing);
  state.delivery =
      parse_delivery_mode(find(rows, delivery_key)).value_or(state.delivery);
  if (auto pause = read_number(find(rows, retry_after_key)))
    state.retry_after = seconds(*pause);
  state.resume_at = find_time(rows, resume_at_key);
  state.drain_until = find_time(rows, drain_until_key);
  state.changed_by = find(rows, changed_by_key);
  state.reason = find(rows, reason_key);
  state.changed_at = find_time(rows, changed_at_key).value_or(state.changed_at);
  compare_with(state, now);
  return state;
}

void write_gate(gate_rows &rows, const gate_state &state) {
  put(rows, version_key, std::to_string(state.version));
  put(rows, ingest_key, std::string(to_string(state.ingest)));
  put(rows, processing_key, std::string(to_string(state.processing)));
  put(rows, delivery_key, std::string(to_string(state.delivery)));
  put(rows, retry_after_key, std::to_string(state.retry_after.count()));
  put(rows, resume_at_key, state.resume_at);
  put(rows, drain_until_key, state.drain_until);
  put(rows, changed_by_key, state.changed_by);
  put(rows, reason_key, state.reason);
  put(rows, changed_at_key, std::optional(state.changed_at));
  if (state.processing != processing_mode::draining)
    rows.erase(std::string(drain_begin_key));
}

std::optional<drain_beginning> read_drain_beginning(const gate_rows &rows) {
  auto line = find(rows, drain_begin_key);
  auto at = find_pair(line, "at");
  auto position = find_pair(line, "position");
  auto waiting = find_pair(line, "waiting");
  auto quarantined = find_pair(line, "quarantined");
  if (!at || !position || !waiting || !quarantined)
    return std::nullopt;
  return drain_beginning{to_time(*at), *position, *waiting, *quarantined};
}

std::optional<std::int64_t> drain_position(const gate_rows &rows) {
  if (!rows.contains(drain_begin_key))
    return std::nullopt;
  auto begun = read_drain_beginning(rows);
  return begun ? begun->position : 0;
}

void write_drain_beginning(gate_rows &rows, const drain_beginning &begun) {
  std::string line;
  add_pair(line, "at", to_number(begun.at));
  add_pair(line, "position", begun.position);
  add_pair(line, "waiting", begun.waiting);
  add_pair(line, "quarantined", begun.quarantined);
  put(rows, drain_begin_key, line);
}

std::optional<drain_certificate> read_last_drain(const gate_rows &rows) {
  auto line = find(rows, last_drain_key);
  auto begun_at = find_pair(line, "begun_at");
  auto ended_at = find_pair(line, "ended_at");
  if (!begun_at || !ended_at)
    return std::nullopt;
  drain_certificate done;
  done.begun_at = to_time(*begun_at);
  done.ended_at = to_time(*ended_at);
  for (const auto &[name, member] : counts) {
    auto value = find_pair(line, name);
    if (!value)
      return std::nullopt;
    done.*member = *value;
  }
  return done;
}

void write_last_drain(gate_rows &rows, const drain_certificate &done) {
  put(rows, last_drain_key, describe(done));
  rows.erase(std::string(drain_begin_key));
}

std::optional<gate_state> after_change(const gate_state &before,
                                       const gate_change &change,
                                       timestamp now) {
  if (change.expected_version && *change.expected_version != before.version)
    return std::nullopt;
  auto state = before;
  ++state.version;
  state.ingest = change.ingest.value_or(before.ingest);
  state.processing = change.processing.value_or(before.processing);
  state.delivery = change.delivery.value_or(before.delivery);
  state.retry_after = change.retry_after.value_or(before.retry_after);
  state.resume_at = later(now, change.resume_after);
  state.drain_until = next_drain_limit(before, change, state.processing, now);
  state.changed_by = change.actor;
  state.reason = change.reason;
  state.changed_at = now;
  compare_with(state, now);
  return state;
}

drain_certificate certify(const drain_beginning &begun,
                          const drain_ending &ended) {
  auto booked = [&](std::string_view kind) {
    auto found = ended.booked.find(kind);
    return found == ended.booked.end() ? 0 : found->second;
  };
  drain_certificate done;
  done.begun_at = begun.at;
  done.ended_at = ended.at;
  done.from = begun.position;
  done.to = ended.position;
  done.waiting_before = begun.waiting;
  done.accepted = booked("accepted");
  done.requeued = booked("requeued");
  done.stored = booked("stored");
  done.discarded = booked("discarded") + booked("undoubled");
  done.quarantined = ended.quarantined;
  done.newly_quarantined = ended.quarantined - begun.quarantined +
                           done.requeued + booked("discarded_quarantined") +
                           booked("undoubled_quarantined");
  return done;
}

gate_state after_drain(const gate_state &before, timestamp now) {
  auto state = before;
  ++state.version;
  state.processing = processing_mode::drained;
  state.drain_until.reset();
  state.changed_by = finisher;
  state.reason = finished;
  state.changed_at = now;
  compare_with(state, now);
  return state;
}

std::string describe(const gate_change &change) {
  std::string line;
  if (change.ingest)
    add_pair(line, "ingest", to_string(*change.ingest));
  if (change.processing)
    add_pair(line, "processing", to_string(*change.processing));
  if (change.delivery)
    add_pair(line, "delivery", to_string(*change.delivery));
  if (change.retry_after)
    add_pair(line, "retry_after", change.retry_after->count());
  return line;
}

std::string describe(const gate_state &state) {
  std::string line;
  add_pair(line, "version", state.version);
  add_pair(line, "ingest", to_string(state.ingest));
  add_pair(line, "processing", to_string(state.processing));
  add_pair(line, "delivery", to_string(state.delivery));
  add_pair(line, "retry_after", state.retry_after.count());
  if (state.resume_at)
    add_pair(line, "resume_at", to_rfc3339(*state.resume_at));
  if (state.drain_until)
    add_pair(line, "drain_until", to_rfc3339(*state.drain_until));
  return line;
}

std::string describe(const drain_certificate &done) {
  std::string line;
  add_pair(line, "begun_at", to_number(done.begun_at));
  add_pair(line, "ended_at", to_number(done.ended_at));
  for (const auto &[name, member] : counts)
    add_pair(line, name, done.*member);
  return line;
}

} // namespace sluice::db
