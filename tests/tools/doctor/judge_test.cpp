#include <catch2/catch.hpp>

#include <algorithm>

#include "tools/doctor/judge.hpp"
#include "tools/doctor/known_faults.hpp"
#include "tools/doctor/words.hpp"

using namespace sluice::tools;

namespace {

constexpr char today[] = "2026-06-01";

/// A service on PostgreSQL with which nothing is wrong.
json healthy() {
  return json::parse(R"({
    "admin_is_off": false, "own_version": "0.1.0", "openssl": "3.0.17",
    "settings_faults": [], "dead_after_ms": 10000,
    "levels": {"warning_depth": 100, "critical_depth": 1000},
    "service": {"address": "h:1", "trouble": null, "clock_ahead_ms": 0.5,
      "cores_busy": 0.1,
      "health": {"status": "ok", "node": "n", "version": "0.1.0",
        "mode": "async", "processing": "running", "delivery": "running",
        "queue": {"pending": 3, "processing": 1, "quarantined": 0,
                  "exact": true, "oldest_pending_seconds": null,
                  "level": "normal"},
        "stuck": {"count": 0, "level": "normal"},
        "rates": {"accepted_per_minute": 5, "stored_per_minute": 5,
                  "level": "normal"},
        "ledger": {"balanced": true}, "restarts_last_hour": 0},
      "gate": {"reason": "", "changed_by": "ada"},
      "settings": {"settings": [], "overrides": [],
        "waiting_for_restart": [], "file": {"faults": []}},
      "actors": {"actors": [{"name": "poller", "state": "running",
        "restarts": 0, "last_error": null}]},
      "diagnosis": {"database_error": null, "quarantined": 0,
        "openssl": "3.0.17",
        "process": {"resident_bytes": 50000000, "threads": 20,
          "open_files": 30, "most_open_files": 1024, "uptime_seconds": 60},
        "machine": {"cores": 4, "load": 0.5, "memory_bytes": 8000000000,
          "available_bytes": 4000000000}}},
    "store": {"engine": "postgresql", "version": "15.14",
      "version_number": 150014, "place": "postgresql://h/d",
      "schema": {"found": 7, "known": 7}, "round_trip_ms": 0.4,
      "clock_ahead_ms": 1.0,
      "tables": {"queue": {"pending": 3, "processing": 1, "quarantined": 0,
          "stuck": 0, "exact": true},
        "verdict": {"is_balanced": true, "fault_count": 0, "age_seconds": 60},
        "nodes": [{"name": "n", "version": "0.1.0", "silent_for_ms": 100}]},
      "postgres": {"connections": [{"state": "idle",
          "waits_for": "Client: ClientRead", "count": 5}],
        "connections_used": 7, "connections_most": 100,
        "longest_transaction_ms": null, "unsafe_settings": [],
        "is_standby": false},
      "sqlite": null},
    "store_error": null,
    "disk": {"folder": "/d", "free_bytes": 50000000000,
      "total_bytes": 100000000000},
    "certificates": {"folder": "/c", "fault": null, "files": [
      {"file": "ca.crt", "days_left": 3000, "mode": 384, "is_key": false,
       "fault": null},
      {"file": "ca.key", "days_left": null, "mode": 384, "is_key": true,
       "fault": null}]}})");
}

/// The same where no service answers, on SQLite.
json store_alone() {
  auto out = healthy();
  out["service"] = {{"address", "h:1"}, {"trouble", "refused"}};
  auto &store = out["store"];
  store["engine"] = "sqlite";
  store["version"] = "3.40.1";
  store["version_number"] = 3040001;
  store["postgres"] = nullptr;
  store["clock_ahead_ms"] = nullptr;
  store["sqlite"] = json::parse(R"({"file": "/d/x.db",
    "database_bytes": 1000000, "wal_bytes": 0, "pages": 250, "free_pages": 10,
    "journal_mode": "wal", "holder": 0})");
  return out;
}

finding line_of(const json &facts, const std::string &name) {
  for (const auto &one : judge(facts, today))
    if (one.name == name)
      return one;
  FAIL("no line " << name);
  return {};
}

/// What a change at `where` makes of the line `name`.
finding after(const char *where, const json &value, const std::string &name) {
  auto facts = healthy();
  facts[json::json_pointer(where)] = value;
  return line_of(facts, name);
}

} // namespace

TEST_CASE("a healthy service has nothing to be minded", "[doctor]") {
  for (const auto &one : judge(healthy(), today)) {
    INFO(one.name << ": " << one.found);
    CHECK(one.how == severity::ok);
    CHECK(one.next.empty());
    CHECK_FALSE(one.found.empty());
  }
}

TEST_CASE("events are not let into a queue from which none is taken",
          "[doctor]") {
  auto facts = healthy();
  facts["service"]["health"]["mode"] = GENERATE("sync", "reject");
  CHECK(line_of(facts, "dials").next == "sluice ctl mode async");
  facts["service"]["health"]["processing"] = GENERATE("paused", "drained");
  CHECK(line_of(facts, "dials").next == "sluice ctl resume processing");
}

TEST_CASE("a rollback is left by its own way back", "[doctor]") {
  auto facts = healthy();
  auto &service = facts["service"];
  service["health"]["mode"] = "reject";
  service["health"]["processing"] = "paused";
  service["health"]["delivery"] = "paused";
  service["gate"]["rollback"] = json::parse(R"({"target":"stop",
    "state":"in force","step":null,"begun_by":"ada","reason":"wrong prices",
    "dials":["ingest","processing","delivery"]})");
  for (const auto *name : {"dials", "delivery"})
    CHECK(line_of(facts, name).next == "sluice ctl rollback apply --undo");
  CHECK(line_of(facts, "dials").how == severity::critical);
  CHECK(line_of(facts, "dials").found ==
        "intake reject, processing paused; the rollback to stop is in force, "
        "by ada: wrong prices");
  service["gate"]["rollback"]["state"] = "under way";
  CHECK(line_of(facts, "dials").next == "sluice ctl rollback apply --to stop");
  // Whoever has paused the delivery before it does not get it back by it.
  service["gate"]["rollback"]["state"] = "in force";
  service["gate"]["rollback"]["dials"] = {"processing"};
  CHECK(line_of(facts, "delivery").next == "sluice ctl resume delivery");
}

TEST_CASE("the process that holds a store is named as the system names it",
          "[doctor]") {
  auto facts = store_alone();
  facts["store"]["sqlite"]["holder"] = 11608;
  CHECK(line_of(facts, "service").found ==
        "no answer: refused; process 11608 works on the store");
}

TEST_CASE("one of a thing is told in the singular", "[doctor]") {
  CHECK(after("/service/health/restarts_last_hour", 1, "parts").found ==
        "1 restart in the last hour");
}

TEST_CASE("who gave no reason is named without a colon", "[doctor]") {
  CHECK(after("/service/health/mode", "sync", "dials").found ==
        "intake sync, processing running, by ada");
}

TEST_CASE("each line that is not ok names the next command", "[doctor]") {
  struct wrong {
    const char *where;
    json value;
    const char *line;
    severity how;
  };
  const auto warning = severity::warning;
  const auto critical = severity::critical;
  const std::vector<wrong> all{
      {"/service/health/status", "unavailable", "service", critical},
      {"/service/health/mode", "sync", "dials", warning},
      {"/service/health/mode", "reject", "dials", critical},
      {"/service/health/processing", "paused", "dials", warning},
      {"/service/health/queue/level", "warning", "queue", warning},
      {"/service/health/queue/level", "critical", "queue", critical},
      {"/service/health/stuck/count", 1, "stuck items", warning},
      {"/service/health/queue/quarantined", 2, "quarantine", warning},
      {"/service/health/rates/level", "warning", "rates", warning},
      {"/service/health/restarts_last_hour", 1, "parts", warning},
      {"/service/actors/actors/0/state", "restarting", "parts", critical},
      {"/service/health/delivery", "paused", "delivery", warning},
      {"/service/settings/file/faults", {"x.toml:3: bad"}, "settings", warning},
      {"/service/settings/waiting_for_restart",
       {"http.listen"},
       "restart",
       warning},
      {"/store", nullptr, "database", critical},
      {"/store/round_trip_ms", 500, "database", warning},
      {"/service/diagnosis/database_error", "gone", "database", warning},
      {"/store/postgres/connections_used", 85, "connections", warning},
      {"/store/postgres/connections_used", 99, "connections", critical},
      {"/store/postgres/longest_transaction_ms", 120000, "connections",
       warning},
      {"/store/postgres/connections/0/waits_for", "Lock: tuple", "connections",
       warning},
      {"/store/postgres/unsafe_settings", {"fsync"}, "durability", warning},
      {"/store/postgres/is_standby", true, "durability", critical},
      {"/store/version_number", 120022, "postgresql", critical},
      {"/store/version_number", 140002, "postgresql", warning},
      {"/store/version_number", 130020, "postgresql", warning},
      {"/store/schema/found", 6, "schema", warning},
      {"/store/schema/found", 8, "schema", critical},
      {"/store/tables/verdict", nullptr, "books", warning},
      {"/store/tables/verdict/is_balanced", false, "books", critical},
      {"/store/tables/verdict/age_seconds", 200000, "books", warning},
      {"/store/tables/nodes/0/silent_for_ms", 20000, "nodes", warning},
      {"/store/tables/nodes/0/version", "0.0.9", "versions", warning},
      {"/service/cores_busy", 3.9, "process", warning},
      {"/service/diagnosis/process/open_files", 1000, "process", warning},
      {"/service/diagnosis/process/resident_bytes", 5e9, "process", warning},
      {"/service/diagnosis/machine/load", 20, "machine", warning},
      {"/service/diagnosis/machine/available_bytes", 1e6, "machine", warning},
      {"/store/clock_ahead_ms", -2000, "clock", warning},
      {"/service/clock_ahead_ms", 100000, "clock", critical},
      {"/disk/free_bytes", 5e9, "disk", warning},
      {"/disk/free_bytes", 5e7, "disk", critical},
      {"/certificates/files/0/days_left", 20, "certificates", warning},
      {"/certificates/files/0/days_left", -1, "certificates", critical},
      {"/certificates/files/1/mode", 0644, "certificates", critical},
      {"/certificates/files/0/fault", "no certificate", "certificates",
       critical},
      {"/certificates/fault", "there are none", "certificates", warning},
      {"/service/diagnosis/openssl", "1.1.1n", "openssl", warning},
  };
  for (const auto &one : all) {
    const auto line = after(one.where, one.value, one.line);
    INFO(one.where << " = " << one.value.dump() << ": " << line.found);
    CHECK(line.how == one.how);
    CHECK_FALSE(line.next.empty());
  }
}

TEST_CASE("a database that can't be written is critical, and says why",
          "[doctor]") {
  struct failure {
    std::string told;
    std::string next;
  };
  const std::vector<failure> all{
      {"can't be written: heartbeat: database is locked (SQLite 5)",
       "fuser -v '/d/a b.db'"},
      {"can't be written: accept: database or disk is full (SQLite 13)",
       "df -h /d"},
      {"can't be written: accept: attempt to write a readonly database",
       "ls -l '/d/a b.db'"},
      {"can't be written: no change was made in time", "sluice ctl actors"}};
  auto facts = healthy();
  facts["store"]["sqlite"] = store_alone()["store"]["sqlite"];
  facts["store"]["sqlite"]["file"] = "/d/a b.db";
  facts["store"]["tables"]["nodes"][0]["silent_for_ms"] = 26'000;
  for (const auto &one : all) {
    facts["service"]["diagnosis"]["database_error"] = one.told;
    const auto database = line_of(facts, "database");
    CHECK(database.how == severity::critical);
    CHECK(database.found == one.told);
    CHECK(database.next == one.next);
    const auto nodes = line_of(facts, "nodes");
    CHECK(nodes.how == severity::warning);
    CHECK(nodes.found == "n (silent for 26 s: its heartbeat can't be written)");
    CHECK(nodes.next == one.next);
  }
}

TEST_CASE("a server that takes no changes is not one that is away",
          "[doctor]") {
  auto facts = healthy();
  facts["store"] = nullptr;
  facts["store_error"] = "examine: session is read-only";
  const auto line = line_of(facts, "database");
  CHECK(line.how == severity::critical);
  CHECK(line.found == "can't be written: examine: session is read-only");
  CHECK(line.next == "psql -c 'SHOW default_transaction_read_only'");
}

TEST_CASE("a node that is silent and answers is not to be cleaned up",
          "[doctor]") {
  auto facts = healthy();
  auto &nodes = facts["store"]["tables"]["nodes"];
  nodes[0]["silent_for_ms"] = 26'000;
  CHECK(line_of(facts, "nodes").next == "sluice ctl actors");
  nodes.push_back(nodes[0]);
  nodes[1]["name"] = "other";
  CHECK(line_of(facts, "nodes").next == "sluice ctl cleanup");
}

TEST_CASE("overrides that do not hold, and contradictions, are lines of their "
          "own",
          "[doctor]") {
  auto facts = healthy();
  auto &settings = facts["service"]["settings"];
  settings["overrides"] = json::parse(
      R"([{"key": "a.b", "value": "1", "skipped": "no such setting"},
          {"key": "c.d", "value": "2", "skipped": null}])");
  settings["settings"] = json::parse(
      R"([{"key": "ingest.max_queue_depth", "value": "500"},
          {"key": "health.critical_depth", "value": "1000"},
          {"key": "processor.yield_share", "value": "80"},
          {"key": "ingest.organization_share", "value": "80"},
          {"key": "auth.open_signup", "value": "any"},
          {"key": "http.listen", "value": "0.0.0.0:4000"}])");
  const auto all = judge_settings(facts);
  const auto count = [&](const char *name) {
    return std::ranges::count(all, name, &finding::name);
  };
  CHECK(count("override") == 1);
  CHECK(count("contradiction") == 3);
  CHECK(line_of(facts, "override").next == "sluice ctl unset a.b");
}

TEST_CASE("without a service the store is judged alone", "[doctor]") {
  const auto facts = store_alone();
  CHECK(line_of(facts, "service").how == severity::critical);
  CHECK(line_of(facts, "service").next == "sluice serve");
  CHECK(line_of(facts, "queue").how == severity::ok);
  CHECK(line_of(facts, "database file").how == severity::ok);
  CHECK(line_of(facts, "sqlite").found.find("3.51.3") != std::string::npos);
  CHECK(line_of(facts, "clock").how == severity::ok);
  for (const auto &one : judge(facts, today))
    CHECK(one.name != "parts");
}

TEST_CASE("a queue that nobody has judged is judged by the levels",
          "[doctor]") {
  auto facts = store_alone();
  auto &pending = facts["store"]["tables"]["queue"]["pending"];
  pending = 101;
  CHECK(line_of(facts, "queue").how == severity::warning);
  pending = 1001;
  CHECK(line_of(facts, "queue").how == severity::critical);
}

TEST_CASE("a file that somebody works on is told, and a port that is off",
          "[doctor]") {
  auto facts = store_alone();
  facts["store"]["sqlite"]["holder"] = 4711;
  CHECK(line_of(facts, "service").found.find("4711") != std::string::npos);
  facts["admin_is_off"] = true;
  CHECK(line_of(facts, "service").how == severity::warning);
}

TEST_CASE("a database file shows what is wrong with it", "[doctor]") {
  auto facts = store_alone();
  facts["store"]["sqlite"]["wal_bytes"] = 1e9;
  CHECK(line_of(facts, "database file").how == severity::warning);
  facts["store"]["sqlite"]["journal_mode"] = "delete";
  CHECK(line_of(facts, "database file").found.find("delete") !=
        std::string::npos);
}

TEST_CASE("nothing at all is judged without a fault", "[doctor]") {
  const auto all = judge(json::object(), today);
  CHECK(worst_of(all) == severity::critical);
  CHECK(judge(nullptr, today).size() == all.size());
}

TEST_CASE("versions that are mended, or new, are fine", "[doctor]") {
  CHECK(judge_postgres_version(140004, "14.4", today).how == severity::ok);
  CHECK(judge_postgres_version(990000, "99.0", today).how == severity::ok);
  CHECK(judge_sqlite_version(3051003, "3.51.3").found == "version 3.51.3");
  CHECK(judge_openssl_version("3.0.17", today).how == severity::ok);
  CHECK(judge_openssl_version("9.9", today).how == severity::ok);
  CHECK(judge_openssl_version("", today).how == severity::ok);
}

TEST_CASE("a checklist is aligned, escaped and coloured if wanted",
          "[doctor]") {
  const findings all{{severity::ok, "queue", "3\x1b[2J", ""},
                     {severity::warning, "books", "not checked", "do it"}};
  CHECK(show_findings("head", all, false) ==
        "head\n"
        "ok        queue         3\\x1b[2J\n"
        "warning   books         not checked\n"
        "                        -> do it\n");
  CHECK(show_findings("head", all, true).find("\x1b[33mwarning\x1b[0m") !=
        std::string::npos);
  CHECK(findings_json(all)[0]["next"].is_null());
  CHECK(findings_json(all)[1]["level"] == "warning");
  CHECK(worst_of(all) == severity::warning);
  CHECK(worst_of({}) == severity::ok);
}

TEST_CASE("sizes and spans are words", "[doctor]") {
  CHECK(size_text(500) == "500 B");
  CHECK(size_text(1536) == "1.5 KiB");
  CHECK(size_text(3.0 * 1024 * 1024 * 1024) == "3.0 GiB");
  CHECK(span_text(90) == "90 s");
  CHECK(span_text(600) == "10 min");
  CHECK(span_text(36000) == "10 h");
  CHECK(span_text(864000) == "10 d");
}
