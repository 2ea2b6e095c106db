#include "http/in/routes/health.hpp"

#include <algorithm>
#include <cstdio>

#include "http/in/store_trouble.hpp"
#include "sluice_version.hpp"

namespace sluice::http {

using actors::health_level;

namespace {

std::string decimal(double value) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%.3f", value);
  return {text, static_cast<std::size_t>(size)};
}

std::string oldest_seconds(const db::queue_depth &depth) {
  if (!depth.oldest_pending)
    return "null";
  return decimal(std::chrono::duration<double>(*depth.oldest_pending).count());
}

std::string level_json(health_level level) {
  std::string out = ",\"level\":\"";
  out += to_string(level);
  return out + "\"}";
}

std::string queue_json(const db::queue_depth &depth, health_level level) {
  return "{\"pending\":" + std::to_string(depth.pending) +
         ",\"processing\":" + std::to_string(depth.processing) +
         ",\"quarantined\":" + std::to_string(depth.quarantined) +
         ",\"exact\":" + (depth.exact ? "true" : "false") +
         ",\"oldest_pending_seconds\":" + oldest_seconds(depth) +
         level_json(level);
}

std::string rates_json(const actors::health_sample &sample) {
  return "{\"accepted_per_minute\":" + decimal(sample.accepted_last_minute) +
         ",\"stored_per_minute\":" + decimal(sample.stored_last_minute) +
         level_json(sample.rate_level);
}

std::string deliveries_json(const db::delivery_depth &depth) {
  return "{" + json_number("pending", depth.pending) + ',' +
         json_number("sending", depth.sending) + ',' +
         json_number("failing", depth.failing) + ',' +
         json_number("dead_letter", depth.dead_letter) + '}';
}

std::string gate_json(const db::gate_state &state) {
  std::string out = "\"mode\":\"";
  out += to_string(state.ingest);
  out += "\",\"processing\":\"";
  out += to_string(state.processing);
  out += "\",\"delivery\":\"";
  out += to_string(state.delivery);
  return out + '"';
}

std::string balanced_json(const actors::ledger_view &ledger) {
  if (!ledger.was_checked)
    return "null";
  return ledger.is_balanced ? "true" : "false";
}

health_level settings_level(const actors::settings_state &now) {
  return now.is_good() ? health_level::normal : health_level::warning;
}

std::string settings_json(const actors::settings_state &now) {
  return "{\"faults\":" + std::to_string(now.faults) +
         ",\"line\":" + (now.line > 0 ? std::to_string(now.line) : "null") +
         ",\"key\":" + (now.key.empty() ? "null" : json_string(now.key)) +
         ",\"skipped_overrides\":" + std::to_string(now.skipped_overrides) +
         level_json(settings_level(now));
}

std::string_view status_of(const actors::health_sample &sample) {
  if (!sample.is_ready)
    return "unavailable";
  if (!sample.ledger.is_balanced)
    return to_string(health_level::critical);
  const auto worst =
      std::max({sample.queue_level, sample.stuck_level, sample.rate_level,
                settings_level(sample.settings)});
  return worst == health_level::normal ? "ok" : to_string(worst);
}

long retry_after(const actors::health_sample &sample) {
  return std::max(1L, static_cast<long>(sample.intake.retry_after.count()));
}

/// What the database said stays in the log: everybody may read this.
std::string database_error_json(const actors::health_sample &sample) {
  if (sample.database_is_up)
    return "null";
  return json_string(public_words(sample.database_error));
}

std::string to_json(const actors::health_sample &sample) {
  std::string out = "{\"status\":\"";
  out += status_of(sample);
  out += "\",\"database\":\"";
  out += sample.database_is_up ? "up" : "down";
  out +=
      "\",\"database_error\":" + database_error_json(sample) + ',' +
      gate_json(sample.gate.state) +
      ",\"queue\":" + queue_json(sample.depth, sample.queue_level) +
      ",\"stuck\":{\"count\":" + std::to_string(sample.depth.stuck) +
      level_json(sample.stuck_level) + ",\"rates\":" + rates_json(sample) +
      ",\"deliveries\":" + deliveries_json(sample.deliveries) +
      ",\"ledger\":{\"balanced\":" + balanced_json(sample.ledger) +
      "},\"settings\":" + settings_json(sample.settings) +
      ",\"restarts_last_hour\":" + std::to_string(sample.restarts_last_hour) +
      ",\"version\":" + json_string(sluice::version) +
      ",\"node\":" + json_string(sample.node) + '}';
  return out;
}

} // namespace

std::string_view to_string(health_level level) {
  switch (level) {
  case health_level::normal:
    return "normal";
  case health_level::warning:
    return "warning";
  case health_level::critical:
    return "critical";
  }
  return "critical";
}

answer get_live(service &, const request &) {
  return json_answer(200, "{\"status\":\"ok\"}");
}

answer get_ready(service &shared, const request &) {
  const auto sample = shared.gateway.health();
  response out = json_answer(sample.is_ready ? 200 : 503, to_json(sample));
  out.headers.emplace_back("Cache-Control", "no-store");
  if (!sample.is_ready)
    out.headers.emplace_back("Retry-After",
                             std::to_string(retry_after(sample)));
  return out;
}

} // namespace sluice::http
