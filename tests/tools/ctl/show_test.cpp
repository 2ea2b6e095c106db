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
  "deliveries":{"pending":12,"sending":3,"failing":1,"dead_letter":0},
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
        "deliveries  12 pending, 3 being sent, 1 failing, 0 dead letters\n"
        "ledger      not checked yet\n"
        "restarts    1 in the last hour\n");
  CHECK(show_status(health, gate, true).find("\x1b[31mcritical\x1b[0m") !=
        std::string::npos);
}

TEST_CASE("the status shows why the database is down") {
  auto seen = health;
  seen["database"] = "down";
  seen["database_error"] = "can't be written: the disk is full";
  CHECK(show_status(seen, gate, false)
            .find("database    down: can't be written: the disk is full\n") !=
        std::string::npos);
}

TEST_CASE("without the gate the status shows what health knows") {
  const auto text = show_status(health, nullptr, false);
  CHECK(text.find("intake      async\n") != std::string::npos);
  CHECK(text.find("changed") == std::string::npos);
}

TEST_CASE("a rollback that holds the dials is named with its way back") {
  auto held = gate;
  held["rollback"] = json::parse(R"({"target":"sync","state":"in force",
    "step":null,"dials":["ingest"],"begun_by":"ada","reason":"it's \u001b"})");
  const std::string in_force =
      "rollback    to sync, by ada: it's \\x1b; back: sluice ctl rollback "
      "apply --undo\n";
  for (const auto &text : {show_status(health, held, false), show_dials(held)})
    CHECK(text.find(in_force) != std::string::npos);
  auto &rollback = held["rollback"];
  rollback["state"] = "under way";
  rollback["step"] = "drain";
  rollback["reason"] = nullptr;
  CHECK(show_dials(held).find(
            "rollback    to sync, by ada; under way, step drain; go on: sluice "
            "ctl rollback apply --to sync, give up: sluice ctl rollback "
            "abort\n") != std::string::npos);
  rollback["target"] = "undo";
  CHECK(show_dials(held).find("go on: sluice ctl rollback apply --undo,") !=
        std::string::npos);
}

TEST_CASE("whoever sets a time is told that all dials go back") {
  auto timed = gate;
  timed["resume_at"] = "2026-01-01T01:00:00Z";
  CHECK(show_dials(timed).find(
            "resumes at  2026-01-01T01:00:00Z: then all dials go back to "
            "intake async, processing and delivery running\n") !=
        std::string::npos);
}

TEST_CASE("who orders what can't be done is told why, and where to look") {
  const auto answer = json::parse(R"({"requeued":1,"passed_over":2})");
  CHECK(show_order(answer, "requeued") ==
        "1 requeued, 2 passed over\n"
        "passed over: unknown, or not in quarantine; `sluice ctl queue show "
        "ID` tells where one is\n");
  CHECK(show_order(json::parse(R"({"discarded":1,"passed_over":0})"),
                   "discarded") == "1 discarded, 0 passed over\n");
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
            "restart_as":"poller","last_error":"it\nhung","since":"2026"},
            {"name":"gate"}]})")) ==
        "NAME    STATE    RESTART AS  RESTARTS  SINCE  LAST ERROR\n"
        "poller  running  poller      2         2026   it\\nhung\n"
        "gate    -        -           -         -      -\n");
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
  CHECK(text.starts_with("ledger      does not balance: 1 fault\n"));
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

TEST_CASE("an event is shown with what its endpoints answered") {
  const auto text = show_item(json::parse(
      R"({"id":"e-1","places":[{"status":"stored","payload_bytes":7,
          "deliveries":[{"endpoint_id":"p-1","status":"failed","attempts":1,
            "last_error":"answered 500","attempts_log":[
              {"attempted_at":"t-1","duration_ms":12,"response_status":500,
               "error":"answered 500","response_head":"\u001b[2Joops"}]}]}]})"));
  CHECK(text.find("p-1          failed  1") != std::string::npos);
  CHECK(text.find("12 ms  answered 500") != std::string::npos);
  CHECK(text.find("oops") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("a repair says what becomes of what is doubled") {
  const auto doubled = json::parse(R"({"found_before":{"is_balanced":false,
    "fault_count":1,"faults":[{"fault":"doubled","event_id":"i",
      "organization_id":"o"}]}})");
  CHECK(show_repair(doubled, true).find("would be repaired") == 0);
  CHECK(show_repair(doubled, true).find("kept among the discarded") !=
        std::string::npos);
  const auto sound =
      json::parse(R"({"found_before":{"is_balanced":true,"faults":[]}})");
  CHECK(show_repair(sound, false).find("there is nothing to repair") == 0);
}

TEST_CASE("endpoints are shown with why they are not sent to") {
  const auto text = show_endpoints(json::parse(
      R"({"endpoints":[{"id":"p-1","state":"parked","failing_since":"t-1",
          "url":"https://example.com/a","state_reason":"answered 410"}]})"));
  CHECK(text.find("p-1  parked  t-1            https://example.com/a  "
                  "answered 410") != std::string::npos);
}

TEST_CASE("a reload that changed nothing says so") {
  CHECK(show_reload(json::parse(R"({"changes":[]})")) ==
        "nothing has changed\n");
  CHECK(show_reload(json::parse(
            R"({"changes":[{"key":"k","effect":"applied","before":"1",
                "after":"2"}]})")) == "KEY  EFFECT   BEFORE  AFTER\n"
                                      "k    applied  1       2\n");
}

TEST_CASE("a sound store says so") {
  const auto text = show_assessment(json::parse(R"({"is_sound":true,
    "findings":[],"queue":{"pending":0,"processing":0,"quarantined":0,
    "exact":true,"oldest_pending_seconds":null},
    "stuck":{"count":0,"exhausted":0,"holders":[],"items":[]},
    "stored":{"last_minute":3,"last_hour":4000,"exact":true,
              "newest_at":"2026-01-01T00:00:00Z"},
    "in_log_already":{"count":0,"items":[]},
    "quarantined":{"count":0,"exact":true,"errors":[]},
    "retrying":{"count":0,"exact":true,"errors":[]},
    "ledger":{"checked_now":true,"balanced":true,"checked_at":null,
              "fault_count":0,"faults":[]},
    "nodes":{"count":1,"silent":[]},
    "dials":{"ingest":"async","processing":"running","delivery":"running"}})"));
  CHECK(text ==
        "dials       intake async, processing running, delivery running\n"
        "queue       0 pending, 0 processing, 0 quarantined\n"
        "stuck       0\n"
        "stored      3 in the last minute, 4 000 in the last hour; the last "
        "2026-01-01T00:00:00Z\n"
        "in log      0 items of the queue are in the log already\n"
        "quarantined 0\n"
        "retrying    0\n"
        "ledger      balanced\n"
        "nodes       1, 0 silent\n"
        "verdict     nothing is damaged\n");
}

TEST_CASE("damage is shown with what to do, and steers no terminal") {
  const auto text = show_assessment(json::parse(R"text({"is_sound":false,
    "findings":[{"code":"stuck","count":2,"next":"recover --dry-run"},
                {"code":"new\u001b[31m","count":1,"next":"x\u001b[0m"}],
    "queue":{"pending":5,"processing":2,"quarantined":1,"exact":false,
             "oldest_pending_seconds":90.5},
    "stuck":{"count":2,"exhausted":1,
      "holders":[{"claimed_by":"id-1","name":null,"count":2,
                  "since":"2026-01-01T00:00:00Z"}],
      "items":[{"id":"i-1","claimed_at":"2026-01-01T00:00:00Z"}]},
    "stored":{"last_minute":0,"last_hour":0,"exact":false,"newest_at":null},
    "in_log_already":{"count":1,"items":[{"id":"i-2","is_same":false}]},
    "quarantined":{"count":1,"exact":true,
      "errors":[{"error":"bad \u001b[31m\nred","count":1,"newest_id":"i-3"}]},
    "retrying":{"count":0,"exact":true,"errors":[]},
    "ledger":{"checked_now":true,"balanced":false,"fault_count":1,
      "faults":[{"fault":"missing","event_id":"i-4","organization_id":"o"}]},
    "nodes":{"count":2,"silent":[{"name":"n\u202e","silent_for_ms":5}]},
    "dials":{"ingest":"sync","processing":"paused","delivery":"running"}})text"));
  for (const auto *line :
       {"delivery running  -> sluice ctl resume processing\n",
        "or more; the oldest for 91 s  -> sluice ctl poll\n",
        "2, 1 of them for quarantine: they failed too often  -> sluice ctl ",
        "failed too often  -> sluice ctl recover --dry-run\n",
        "2 held by id-1 (gone) since 2026-01-01T00:00:00Z\n",
        "i-1 since 2026-01-01T00:00:00Z  -> sluice ctl queue show i-1\n",
        "i-2 with another type or payload  -> sluice ctl queue show i-2\n",
        "1 x bad \\x1b[31m\\nred  -> sluice ctl queue show i-3\n",
        "does not balance: 1 faults  -> sluice ctl recover --dry-run\n",
        "missing i-4 of o  -> sluice ctl queue show i-4\n",
        "n\\u202e for 5 ms\n", "verdict     2 things need you\n",
        "  2 stuck items  -> sluice ctl recover --dry-run\n"}) {
    INFO(line << " in " << text);
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("an assessment that is cut off is shown as far as it goes") {
  CHECK(show_assessment(json::object()).find("verdict     not known") !=
        std::string::npos);
  CHECK(show_assessment(nullptr).find("verdict") != std::string::npos);
  CHECK_FALSE(show_recovery(json::object()).empty());
  CHECK_FALSE(show_item(json::array()).empty());
}

TEST_CASE("a recovery says what it does, and what it leaves") {
  CHECK(show_recovery(json::parse(R"({"dry_run":false,"rescued":2,
    "quarantined":0,"unqueued":1,"has_more":false,"books_checked":true,
    "left":[],"faults":[]})")) ==
        "rescued     2 stuck items taken from their holders\n"
        "quarantined 0 stuck items that failed too often\n"
        "unqueued    1 items that are in the log already taken from the "
        "queue\n"
        "nothing is left that has no rule\n");
  const auto text = show_recovery(json::parse(R"({"dry_run":true,"rescued":2,
    "quarantined":0,"unqueued":1,"has_more":true,"books_checked":false,
    "left":[{"code":"quarantined","count":3,"next":"queue list"}],
    "faults":[{"fault":"missing","event_id":"i","organization_id":"o"}]})"));
  CHECK(text.find("2 stuck items would be taken") != std::string::npos);
  CHECK(text.find("left for you:\n  3 quarantined items  -> sluice ctl queue "
                  "list\n") != std::string::npos);
  CHECK(text.find("missing i of o") != std::string::npos);
}

TEST_CASE("an event's payload steers no terminal") {
  const auto text = show_item(json::parse(R"({"id":"i","places":[
    {"status":"quarantined","organization_id":"o","type":"t\u001b[2J",
     "attempts":3,"last_error":"a\u0007b","accepted_at":"now",
     "payload_bytes":12345,"payload":"{\"a\":\"\u001b]0;x\u0007\"}"},
    {"status":"stored","payload":null}]})"));
  CHECK(text.find("type        t\\x1b[2J\n") != std::string::npos);
  CHECK(text.find("last error  a\\x07b\n") != std::string::npos);
  CHECK(text.find("payload     12 345 bytes\n") != std::string::npos);
  CHECK(text.find("{\"a\":\"\\x1b]0;x\\x07\"}") != std::string::npos);
  CHECK(text.find("more than one place") != std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\a') == std::string::npos);
}

TEST_CASE("orders on items and settings are shown before they are given") {
  const auto text =
      show_order(json::parse(R"({"dry_run":true,"requeued":1,"passed_over":2,
        "has_more":true,"items":[{"id":"i","type":"t"}]})"),
                 "requeued");
  CHECK(text.starts_with("1 would be requeued, 2 passed over\nID "));
  CHECK(text.ends_with("there may be more; give the order again\n"));
  CHECK(show_order(json::parse(R"({"requeued":1,"passed_over":0})"),
                   "requeued") == "1 requeued, 0 passed over\n");
  CHECK(show_setting_trial(json::parse(R"({"changes":[]})"), "a.b") ==
        "a.b would stay as it is\n");
  const auto dials = show_dials(json::parse(R"({"ingest":"sync",
    "processing":"running","delivery":"running","dry_run":true,
    "before":{"ingest":"async","processing":"running",
              "delivery":"running"}})"));
  CHECK(dials.starts_with("now:\nintake      async\n"));
  CHECK(dials.find("would be:\nintake      sync\n") != std::string::npos);
}
