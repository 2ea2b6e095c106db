#include "http/in/diagnosis_json.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

#include <openssl/crypto.h>

namespace sluice::http {

using json = nlohmann::ordered_json;
using std::chrono::microseconds;

namespace {

constexpr long most_counted = 10'000;

double milliseconds_of(microseconds span) {
  constexpr double thousand = 1000;
  return static_cast<double>(span.count()) / thousand;
}

json connection_json(const db::connection_group &group) {
  return {{"state", group.state},
          {"waits_for",
           group.waits_for.empty() ? json(nullptr) : json(group.waits_for)},
          {"count", group.count}};
}

json to_json(const db::postgres_facts &facts) {
  json connections = json::array();
  for (const auto &group : facts.connections)
    connections.push_back(connection_json(group));
  json out = {{"connections", connections},
              {"connections_used", facts.connections_used},
              {"connections_most", facts.connections_most},
              {"longest_transaction_ms", nullptr},
              {"unsafe_settings", facts.unsafe_settings},
              {"is_standby", facts.is_standby},
              {"database_bytes", facts.database_bytes}};
  if (facts.longest_transaction)
    out["longest_transaction_ms"] = facts.longest_transaction->count();
  return out;
}

json to_json(const db::sqlite_facts &facts) {
  return {{"file", facts.file},
          {"database_bytes", facts.database_bytes},
          {"wal_bytes", facts.wal_bytes},
          {"pages", facts.pages},
          {"free_pages", facts.free_pages},
          {"journal_mode", facts.journal_mode},
          {"holder", facts.holder}};
}

json node_facts_json(const db::node_view &node) {
  return {{"name", node.who.name},
          {"version", node.who.version},
          {"silent_for_ms", milliseconds_of(node.silent_for)}};
}

json to_json(const db::table_facts &facts) {
  const auto &depth = facts.depth;
  json out = {{"queue",
               {{"pending", depth.pending},
                {"processing", depth.processing},
                {"quarantined", depth.quarantined},
                {"stuck", depth.stuck},
                {"exact", depth.exact}}},
              {"verdict", nullptr},
              {"nodes", json::array()}};
  if (facts.verdict)
    out["verdict"] = {
        {"is_balanced", facts.verdict->is_balanced},
        {"fault_count", facts.verdict->fault_count},
        {"age_seconds",
         std::chrono::duration_cast<std::chrono::seconds>(facts.verdict->age)
             .count()}};
  for (const auto &node : facts.nodes)
    out["nodes"].push_back(node_facts_json(node));
  return out;
}

json to_json(const disk_facts &facts) {
  return {{"folder", facts.folder},
          {"free_bytes", facts.free_bytes},
          {"total_bytes", facts.total_bytes}};
}

template <class Facts>
json json_or_null(const std::optional<Facts> &facts) {
  return facts ? to_json(*facts) : json(nullptr);
}

/// Where the store's data is, if that is on this machine.
std::string folder_of(const std::string &url,
                      const db::result<db::store_facts> &found) {
  constexpr std::string_view scheme = "sqlite:";
  if (found && found->postgres)
    return found->postgres->data_folder;
  if (!url.starts_with(scheme))
    return {};
  std::error_code failure;
  return std::filesystem::absolute(url.substr(scheme.size()), failure)
      .parent_path()
      .string();
}

} // namespace

json to_json(const db::store_facts &facts) {
  json out = {{"engine", facts.engine},
              {"version", facts.version},
              {"version_number", facts.version_number},
              {"place", facts.place},
              {"schema",
               {{"found", facts.schema.found}, {"known", facts.schema.known}}},
              {"connect_ms", milliseconds_of(facts.connect_time)},
              {"round_trip_ms", milliseconds_of(facts.round_trip)},
              {"clock_ahead_ms", nullptr},
              {"tables", json_or_null(facts.tables)},
              {"postgres", json_or_null(facts.postgres)},
              {"sqlite", json_or_null(facts.sqlite)}};
  if (facts.clock_ahead)
    out["clock_ahead_ms"] = milliseconds_of(*facts.clock_ahead);
  return out;
}

json to_json(const process_facts &facts) {
  return {{"id", facts.id},
          {"uptime_seconds", facts.uptime_seconds},
          {"cpu_seconds", facts.cpu_seconds},
          {"resident_bytes", facts.resident_bytes},
          {"threads", facts.threads},
          {"open_files", facts.open_files},
          {"most_open_files", facts.most_open_files}};
}

json to_json(const machine_facts &facts) {
  return {{"cores", facts.cores},
          {"load", facts.load},
          {"memory_bytes", facts.memory_bytes},
          {"available_bytes", facts.available_bytes}};
}

std::string openssl_version() {
  return OpenSSL_version(OPENSSL_VERSION_STRING);
}

json look_at_store(const config::settings &settings) {
  const auto found = db::examine_store(
      {.url = settings.store.url,
       .connect_timeout = settings.store.connect_timeout,
       .call_timeout = settings.store.call_timeout,
       .clock = {}},
      {.limit = std::max(most_counted, settings.health.critical_depth + 1),
       .stuck =
           db::stuck_rule{.stuck_after = settings.processor.stuck_item_timeout,
                          .node_dead_after = settings.node.dead_after}});
  return {
      {"store", found ? to_json(*found) : json(nullptr)},
      {"store_error", found ? json(nullptr) : json(found.error().text)},
      {"disk", json_or_null(read_disk(folder_of(settings.store.url, found)))}};
}

} // namespace sluice::http
