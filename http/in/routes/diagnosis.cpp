#include "http/in/routes/diagnosis.hpp"

#include "actors/record.hpp"
#include "http/in/diagnosis_json.hpp"
#include "sluice_version.hpp"

namespace sluice::http {

using json = nlohmann::ordered_json;

namespace {

/// As they hold now; the store is the one of the start.
config::settings settings_for_store(const service &shared) {
  auto out = *shared.settings_now();
  out.store = shared.settings.store;
  return out;
}

} // namespace

answer get_counts(service &shared, const request &) {
  const auto seen = shared.gateway.metrics();
  const auto &node = seen.health;
  const json out = {
      {"at", db::to_rfc3339(db::system_now())},
      {"accepted", node.accepted},
      {"created", node.created},
      {"stored", node.stored},
      {"retried", seen.retried},
      {"quarantined", node.quarantined},
      {"rescued", seen.rescued},
      {"lost_claims", seen.lost_claims},
      {"restarts", node.restarts},
      {"workers",
       {{"busy", seen.busy_workers},
        {"all", shared.settings_now()->processor.max_concurrency}}},
      {"cpu_seconds", cpu_seconds()}};
  return json_answer(200, actors::to_text(out));
}

answer get_diagnosis(service &shared, const request &) {
  auto out = look_at_store(settings_for_store(shared));
  const auto sample = shared.gateway.health();
  out["node"] = sample.node;
  out["version"] = sluice::version;
  out["database_error"] = sample.database_error.empty()
                              ? json(nullptr)
                              : json(sample.database_error);
  out["quarantined"] = sample.quarantined;
  out["openssl"] = openssl_version();
  out["process"] = to_json(read_process());
  out["machine"] = to_json(read_machine());
  // Last, so that whoever compares clocks has the least of the way in it.
  out["at"] = db::to_rfc3339(db::system_now());
  return json_answer(200, actors::to_text(out));
}

} // namespace sluice::http
