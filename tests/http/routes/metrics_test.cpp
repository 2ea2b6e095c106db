#include <map>
#include <sstream>

#include <catch2/catch.hpp>

#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

/// The lines of an exposition that hold values, by what stands before them.
std::map<std::string, std::string> values_of(const std::string &text) {
  std::map<std::string, std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with('#'))
      out[line.substr(0, line.rfind(' '))] = line.substr(line.rfind(' ') + 1);
  return out;
}

} // namespace

TEST_CASE("metrics show what was counted", "[metrics]") {
  route_client client;
  auto &counted = client.gateway.counted;
  counted.duplicates = 3;
  counted.lost_claims = 4;
  counted.stored_without_claim = 6;
  auto &sample = client.gateway.sample;
  sample.accepted = 12'345'678;
  sample.restarts = 5;
  sample.is_ready = true;
  const auto answer = client.get("/metrics");
  CHECK(answer.status == 200);
  CHECK(answer.raw.content_type.starts_with("text/plain; version=0.0.4"));
  auto values = values_of(answer.raw.body);
  CHECK(values["sluice_events_accepted_total"] == "12345678");
  CHECK(values["sluice_events_duplicate_total"] == "3");
  CHECK(values["sluice_items_lost_total"] == "4");
  CHECK(values["sluice_events_stored_without_claim_total"] == "6");
  CHECK(values["sluice_restarts_total"] == "5");
  CHECK(values["sluice_ready"] == "1");
  CHECK(values["sluice_database_up"] == "0");
  CHECK(answer.raw.body.find("# TYPE sluice_events_accepted_total counter") !=
        std::string::npos);
}

TEST_CASE("metrics show the queue and the gate", "[metrics]") {
  route_client client;
  auto &sample = client.gateway.sample;
  sample.depth = {.pending = 7,
                  .processing = 2,
                  .quarantined = 1,
                  .stuck = 2,
                  .oldest_pending = std::chrono::milliseconds(1500)};
  sample.gate.state.version = 9;
  sample.gate.state.ingest = db::ingest_mode::sync;
  sample.ledger = {.was_checked = true, .is_balanced = false, .fault_count = 6};
  auto values = values_of(client.get("/metrics").raw.body);
  CHECK(values["sluice_queue_depth_items{status=\"pending\"}"] == "7");
  CHECK(values["sluice_queue_depth_items{status=\"processing\"}"] == "2");
  CHECK(values["sluice_queue_depth_items{status=\"quarantined\"}"] == "1");
  CHECK(values["sluice_queue_stuck_items"] == "2");
  CHECK(values["sluice_queue_oldest_pending_seconds"] == "1.5");
  CHECK(values["sluice_gate_version"] == "9");
  CHECK(values["sluice_gate_dial{dial=\"ingest\",value=\"sync\"}"] == "1");
  CHECK(values["sluice_gate_dial{dial=\"ingest\",value=\"async\"}"] == "0");
  CHECK(values["sluice_gate_dial{dial=\"processing\",value=\"drained\"}"] ==
        "0");
  CHECK(values["sluice_gate_dial{dial=\"delivery\",value=\"running\"}"] == "1");
  CHECK(values["sluice_ledger_balanced"] == "0");
  CHECK(values["sluice_ledger_faults"] == "6");
}

TEST_CASE("metrics show histograms as Prometheus counts them", "[metrics]") {
  route_client client;
  client.gateway.counted.accept_latency = {
      .buckets = {{0.001, 4}, {0.01, 2}}, .beyond = 1, .sum = 2.5};
  auto values = values_of(client.get("/metrics").raw.body);
  const std::string name = "sluice_accept_latency_seconds";
  CHECK(values[name + "_bucket{le=\"0.001\"}"] == "4");
  CHECK(values[name + "_bucket{le=\"0.01\"}"] == "6");
  CHECK(values[name + "_bucket{le=\"+Inf\"}"] == "7");
  CHECK(values[name + "_count"] == "7");
  CHECK(values[name + "_sum"] == "2.5");
}

TEST_CASE("metrics hold no text of a tenant", "[metrics]") {
  route_client client;
  client.sign_up("secret-name");
  client.post("/api/events", R"({"type":"secret.type","payload":{"a":"secret"},
                                 "dedup_id":"secret-id"})");
  client.gateway.sample.node = "secret-node";
  client.gateway.sample.gate.state.reason = "secret reason";
  CHECK(client.get("/metrics").raw.body.find("secret") == std::string::npos);
}

TEST_CASE("every metric is named and explained", "[metrics]") {
  const route_client client;
  const auto text = client.get("/metrics").raw.body;
  for (const auto &[name, value] : values_of(text)) {
    INFO(name);
    CHECK(name.starts_with("sluice_"));
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("# TYPE ")) {
      const auto name = line.substr(7, line.find(' ', 7) - 7);
      INFO(name);
      CHECK(text.find("# HELP " + name + " ") != std::string::npos);
    }
}
