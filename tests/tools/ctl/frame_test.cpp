#include <catch2/catch.hpp>

#include "tools/ctl/frame.hpp"

using namespace sluice::tools;

namespace {

top_look look_at(const char *at, long accepted, long stored) {
  top_look out;
  out.health = json::parse(R"({"status":"warning","database":"up",
    "queue":{"pending":1200,"processing":3,"quarantined":0,
             "oldest_pending_seconds":61.7,"level":"critical"},
    "stuck":{"count":0,"level":"normal"},
    "rates":{"accepted_per_minute":10,"stored_per_minute":4,"level":"normal"},
    "ledger":{"balanced":true},"restarts_last_hour":1,
    "version":"0.1.0","node":"n:1"})");
  out.gate = json::parse(R"({"ingest":"reject","processing":"paused",
    "delivery":"running","resume_at":null})");
  out.nodes = json::parse(R"({"nodes":[{"name":"n:1","version":"0.1.0",
    "gate_version":3,"silent_for_ms":20}]})");
  out.actors = json::parse(R"({"actors":[{"name":"poller","state":"running",
    "restarts":1,"since":"t","last_error":"\u001b[2Jgone"},
    {"name":"gate","state":"running","restarts":0}]})");
  out.counts = {{"at", at},           {"accepted", accepted},
                {"created", 0},       {"stored", stored},
                {"cpu_seconds", 1.0}, {"workers", {{"busy", 2}, {"all", 4}}}};
  return out;
}

constexpr char noon[] = "2026-01-01T12:00:00.500000Z";
constexpr char later[] = "2026-01-01T12:00:02.500000Z";

std::string whole(const std::vector<std::string> &lines) {
  std::string out;
  for (const auto &line : lines)
    out += line + '\n';
  return out;
}

} // namespace

TEST_CASE("rates are differences of two looks") {
  const auto rates =
      rates_between(look_at(noon, 100, 50), look_at(later, 300, 60));
  CHECK(rates.at("accepted_per_second") == 100.0);
  CHECK(rates.at("stored_per_second") == 5.0);
  CHECK(rates.at("cores_busy") == 0.0);
}

TEST_CASE("looks of two lives, or without time between, give no rates") {
  CHECK(rates_between(look_at(noon, 100, 50), look_at(later, 3, 1)).is_null());
  CHECK(rates_between(look_at(noon, 1, 1), look_at(noon, 1, 1)).is_null());
  CHECK(rates_between({}, look_at(later, 1, 1)).is_null());
}

TEST_CASE("a frame shows dials, queue, rates, nodes and parts that failed") {
  const auto now = look_at(later, 300, 60);
  const auto text = whole(
      draw_top(document_of(now, rates_between(look_at(noon, 100, 50), now)), "",
               {.columns = 120, .rows = 40}, false));
  for (const auto *wanted :
       {"n:1  version 0.1.0  warning", "intake reject", "processing paused",
        "ledger balanced", "workers 2 of 4 busy", "100.0/s", "1 200",
        "critical", "waits for 62 s", "poller  running  1", "\\x1b[2Jgone"}) {
    INFO(wanted << " in\n" << text);
    CHECK(text.find(wanted) != std::string::npos);
  }
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("gate  ") == std::string::npos);
}

TEST_CASE("a frame fits its screen") {
  const auto document = document_of(look_at(later, 1, 1), nullptr);
  for (const std::size_t columns : {1U, 10U, 40U, 200U})
    for (const std::size_t rows : {1U, 5U, 24U}) {
      const auto lines =
          draw_top(document, "gone", {.columns = columns, .rows = rows}, false);
      CHECK(lines.size() <= rows);
      for (const auto &line : lines)
        CHECK(width_of(line) <= columns);
    }
}

TEST_CASE("a frame says that the connection is lost, and knows nothing else") {
  const auto text =
      whole(draw_top(nullptr, "refused", {.columns = 80, .rows = 24}, true));
  CHECK(text.find("no connection, trying again: refused") != std::string::npos);
  CHECK(text.find("\x1b[31m") != std::string::npos);
}
