#include "db/sqlite/gate_values.hpp"

#include <charconv>

#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

using pairs = std::initializer_list<std::pair<const char *, std::int64_t>>;

std::string write_pairs(pairs all) {
  std::string line;
  for (const auto &[name, value] : all)
    line += (line.empty() ? "" : " ") + std::string(name) + "=" +
            std::to_string(value);
  return line;
}

std::optional<std::int64_t> parse(std::string_view text) {
  std::int64_t value = 0;
  auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

/// The value of `name` in a line of pairs.
std::int64_t value_in(std::string_view line, std::string_view name) {
  while (!line.empty()) {
    auto pair = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(pair.size() + 1, line.size()));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return parse(pair.substr(name.size() + 1)).value_or(0);
  }
  return 0;
}

std::int64_t count_of(timestamp at) {
  return at.time_since_epoch().count();
}

timestamp time_in(std::string_view line, std::string_view name) {
  return timestamp(std::chrono::microseconds(value_in(line, name)));
}

} // namespace

gate_values::gate_values(connection &database) {
  auto rows = database.statement(sql::gate_values);
  while (rows.next())
    values_.emplace(rows.text(0), rows.text(1));
}

std::string gate_values::text(const std::string &key) const {
  auto found = values_.find(key);
  return found != values_.end() ? found->second : std::string();
}

std::optional<std::int64_t> gate_values::number(const std::string &key) const {
  return parse(text(key));
}

void put_gate_value(connection &database, const std::string &key,
                    const std::string &value, timestamp now) {
  if (value.empty())
    database.statement(sql::drop_control).bind(1, key).run();
  else
    database.statement(sql::set_control)
        .bind(1, key)
        .bind(2, value)
        .bind(3, now)
        .run();
}

std::string write(const drain_begin &begin) {
  return write_pairs({{"position", begin.position},
                      {"at", count_of(begin.at)},
                      {"waiting", begin.waiting},
                      {"quarantined", begin.quarantined}});
}

drain_begin read_begin(std::string_view line) {
  return {value_in(line, "position"), time_in(line, "at"),
          value_in(line, "waiting"), value_in(line, "quarantined")};
}

std::string write(const drain_certificate &certificate) {
  return write_pairs({{"begun_at", count_of(certificate.begun_at)},
                      {"ended_at", count_of(certificate.ended_at)},
                      {"from", certificate.from},
                      {"to", certificate.to},
                      {"waiting_before", certificate.waiting_before},
                      {"accepted", certificate.accepted},
                      {"requeued", certificate.requeued},
                      {"stored", certificate.stored},
                      {"discarded", certificate.discarded},
                      {"newly_quarantined", certificate.newly_quarantined},
                      {"quarantined", certificate.quarantined}});
}

drain_certificate read_certificate(std::string_view line) {
  drain_certificate found;
  found.begun_at = time_in(line, "begun_at");
  found.ended_at = time_in(line, "ended_at");
  found.from = value_in(line, "from");
  found.to = value_in(line, "to");
  found.waiting_before = value_in(line, "waiting_before");
  found.accepted = value_in(line, "accepted");
  found.requeued = value_in(line, "requeued");
  found.stored = value_in(line, "stored");
  found.discarded = value_in(line, "discarded");
  found.newly_quarantined = value_in(line, "newly_quarantined");
  found.quarantined = value_in(line, "quarantined");
  return found;
}

std::string write(const gate_state &state) {
  auto time_or_never = [](const std::optional<timestamp> &at) {
    return at ? to_rfc3339(*at) : std::string("never");
  };
  return "version=" + std::to_string(state.version) +
         " ingest=" + std::string(to_string(state.ingest)) +
         " processing=" + std::string(to_string(state.processing)) +
         " delivery=" + std::string(to_string(state.delivery)) +
         " retry_after=" + std::to_string(state.retry_after.count()) +
         " resume_at=" + time_or_never(state.resume_at) +
         " drain_until=" + time_or_never(state.drain_until);
}

} // namespace sluice::db::sqlite
