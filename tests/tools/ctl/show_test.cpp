#include <catch2/catch.hpp>

#include "tools/ctl/show.hpp"

using namespace sluice::tools;

namespace {

const json health = json::parse(R"({"status":"warning","database":"up",
  "mode":"async","processing":"running","delivery":"running",
  "queue":{"pending":1200,"processing":3,"quarantined":0,"exact":true,
           "oldest_pending_seconds":61.7,"level":"critical"},
  "stuck":{"count":0,"level":"normal"},
  "rates":{"accepted_per_minute":10.000,"stored_per_minute":4.000,
           "level":"normal"},
  "ledger":{"balanced":null},"restarts_last_hour":1,
  "version":"0.1.0","node":"n:1"})");

const json gate = json::parse(R"text({"version":3,"ingest":"reject",
  "processing":"paused","delivery":"running","retry_after":60,
  "resume_at":null,"drain_until":null,"changed_by":"ada (root)",
  "reason":"a \u001b[31m reason","changed_at":"2026-01-01T00:00:00Z",
  "nodes_behind":["n:2"]})text");

} // namespace

TEST_CASE("the status shows the dials and what is to be minded") {
  CHECK(show_status(health, gate, false) ==
        "node        n:1, version 0.1.0  warning\n"
        "database    up\n"
        "intake      reject, retry after 60 s\n"
        "processing  paused\n"
        "delivery    running\n"
        "changed     2026-01-01T00:00:00Z by ada (root): a \\x1b[31m reason\n"
        "queue       1 200 pending, 3 processing, 0 quarantined; the oldest "
        "for 62 s  critical\n"
        "stuck       0\n"
        "last minute 10 accepted, 4 stored\n"
        "ledger      not checked yet\n"
        "restarts    1 in the last hour\n");
  CHECK(show_status(health, gate, true).find("\x1b[31mcritical\x1b[0m") !=
        std::string::npos);
}

TEST_CASE("without the gate the status shows what health knows") {
  const auto text = show_status(health, nullptr, false);
  CHECK(text.find("intake      async\n") != std::string::npos);
  CHECK(text.find("changed") == std::string::npos);
}

TEST_CASE("a change shows the dials, and who has not noticed") {
  const auto text = show_dials(gate);
  CHECK(text.find("behind      n:2 has not noticed yet\n") !=
        std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("the parts are a table") {
  CHECK(show_actors(json::parse(
            R"({"actors":[{"name":"poller","state":"running","restarts":2,
            "last_error":"it\nhung","since":"2026"},{"name":"gate"}]})")) ==
        "NAME    STATE    RESTARTS  SINCE  LAST ERROR\n"
        "poller  running  2         2026   it\\nhung\n"
        "gate    -        -         -      -\n");
}

TEST_CASE("a refusal names each fault") {
  CHECK(show_problem(json::parse(R"({"error":"no\u0007"})")) == "no\\x07\n");
  CHECK(show_problem(json::parse(
            R"({"error":"x","errors":[{"pointer":"/a","detail":"is bad"},
            {"pointer":"/b","detail":"too"}]})")) == "/a: is bad\n/b: too\n");
  CHECK(show_problem(nullptr) == "-\n");
}

TEST_CASE("the books show their sums and their faults") {
  const auto report = json::parse(R"({"is_balanced":false,"sums":{
    "accepted":5,"adopted":0,"written_off":0,"stored":4,"waiting":0,
    "discarded":0},"fault_count":1,"faults":[{"fault":"missing",
    "event_id":"e","organization_id":"o"}]})");
  const auto text = show_ledger(report);
  CHECK(text.starts_with("ledger      does not balance: 1 faults\n"));
  CHECK(text.ends_with("missing  e  of o\n"));
}

TEST_CASE("a drain shows how far it is, and its proof") {
  CHECK(show_drain_progress(
            json::parse(R"({"drain":{"left":5000,"seconds_left":12}})")) ==
        "5 000 left, some 12 s");
  CHECK(show_drain_progress(json::parse(R"({"drain":null})")) == "- left");
  CHECK(show_drain(json::parse(R"({"from":1,"to":9,"is_balanced":true})"))
            .ends_with("ledger      1 to 9, balanced\n"));
}

TEST_CASE("items are a table, safe to look at") {
  const auto text = show_items(json::parse(
      R"({"items":[{"id":"i-1","organization_id":"o-1","type":"a.b",
          "status":"quarantined","attempts":5,"accepted_at":"t",
          "last_error":"\u001b[2J"}],"next_after":"i-1"})"));
  CHECK(text.find("i-1  quarantined  5") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("a greater --limit") != std::string::npos);
}

TEST_CASE("a reload that changed nothing says so") {
  CHECK(show_reload(json::parse(R"({"changes":[]})")) ==
        "nothing has changed\n");
  CHECK(show_reload(json::parse(
            R"({"changes":[{"key":"k","effect":"applied","before":"1",
                "after":"2"}]})")) == "KEY  EFFECT   BEFORE  AFTER\n"
                                      "k    applied  1       2\n");
}
