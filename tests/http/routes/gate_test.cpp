#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "actors/rollback/run.hpp"
#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

struct operator_client : route_client {
  received order(const std::string &path, const std::string &body) const {
    return send({"POST", "/admin/v1/" + path, body, headers(true)});
  }
  received look(const std::string &path) const {
    return send({"GET", "/admin/v1/" + path, "", headers(false)});
  }

private:
  static std::vector<std::pair<std::string, std::string>>
  headers(bool has_body) {
    std::vector<std::pair<std::string, std::string>> out{
        {"authorization", std::string("Bearer ") + admin_token}};
    if (has_body)
      out.emplace_back("content-type", "application/json");
    return out;
  }
};

/// One that is over.
db::procedure rollback_to_stop() {
  actors::rollback_run run;
  run.id = db::procedure_id::generate();
  run.asked = {.target = actors::rollback_target::stop, .actor = "ann"};
  run.wanted = actors::wanted_for(run.asked, run.before);
  run.steps = actors::steps_to(run.asked.target);
  run.state = actors::rollback_state::done;
  db::procedure out;
  out.id = run.id;
  out.kind = "rollback";
  out.is_open = false;
  out.document = actors::to_text(to_json(run));
  return out;
}

constexpr char any_event[] = R"({"type":"a","payload":{}})";

} // namespace

TEST_CASE("the admin routes want the admin token", "[gate]") {
  operator_client client;
  const auto target = GENERATE(as<std::string>{}, "mode", "pause", "resume",
                               "drain", "ledger/verify", "ledger/repair",
                               "queue/requeue", "queue/discard", "poll",
                               "cleanup", "recover", "actors/poller/restart");
  CHECK(client.post("/admin/v1/" + target, "{}").status == 401);
  CHECK(client
            .send({"POST",
                   "/admin/v1/" + target,
                   "{}",
                   {{"authorization", "Bearer wrong"},
                    {"content-type", "application/json"}}})
            .status == 401);
  CHECK(client.gateway.changes.empty());
  CHECK(client.gateway.orders.empty());
}

TEST_CASE("without an admin token in the settings they are off", "[gate]") {
  auto settings = route_client::default_settings();
  settings.auth.admin_token.clear();
  const route_client client(settings);
  const auto answer = client.send(
      {"GET", "/admin/v1/gate", "", {{"authorization", "Bearer "}}});
  CHECK(answer.status == 403);
  CHECK(answer.slug() == "admin-off");
}

TEST_CASE("a mode is set with who, why and for how long", "[gate]") {
  operator_client client;
  client.gateway.nodes_behind = {"b:4000"};
  const auto answer =
      client.order("mode", R"({"mode":"reject","retry_after":7,"actor":"ann",)"
                           R"("reason":"disk","resume_after":60})");
  REQUIRE(answer.status == 200);
  CHECK(answer.json().at("ingest") == "reject");
  CHECK(answer.json().at("version") == 1);
  CHECK(answer.json().at("nodes_behind") == nlohmann::json{"b:4000"});
  REQUIRE(client.gateway.changes.size() == 1);
  const auto &change = client.gateway.changes.front();
  CHECK(change.ingest == db::ingest_mode::reject);
  CHECK_FALSE(change.processing);
  CHECK(change.retry_after == std::chrono::seconds(7));
  CHECK(change.resume_after == std::chrono::minutes(1));
  CHECK(change.actor == "ann");
  CHECK(change.reason == "disk");
}

TEST_CASE("a change on a version that is over is refused", "[gate]") {
  operator_client client;
  REQUIRE(client.order("mode", R"({"mode":"sync"})").status == 200);
  const auto late =
      client.order("mode", R"({"mode":"async","expected_version":0})");
  CHECK(late.status == 409);
  CHECK(late.slug() == "version-changed");
  CHECK(late.json().at("version") == 1);
}

TEST_CASE("a rollback is told with the dials that it holds", "[gate]") {
  operator_client client;
  CHECK(client.look("gate").json().at("rollback").is_null());
  client.gateway.procedures = {rollback_to_stop()};
  const auto told = client.order("mode", R"({"mode":"reject"})").json();
  CHECK(told.at("rollback").at("target") == "stop");
  CHECK(told.at("rollback").at("state") == "in force");
  CHECK(told.at("rollback").at("begun_by") == "ann");
  CHECK(told.at("rollback").at("dials") == nlohmann::json{"ingest"});
  CHECK(client.look("gate").json().at("rollback") == told.at("rollback"));
  // Turned back by hand, it is over.
  CHECK(client.order("mode", R"({"mode":"async"})")
            .json()
            .at("rollback")
            .is_null());
}

TEST_CASE("who only looks is not told that nothing was written", "[gate]") {
  operator_client client;
  client.gateway.outage = db::error{db::errc::unavailable, "gone", {}};
  for (const auto *path : {"gate", "nodes", "queue", "audit", "rollback"}) {
    const auto told = client.look(path);
    CHECK(told.status == 503);
    CHECK(told.json().at("error") == "the store can't be reached");
  }
  CHECK(client.order("mode", R"({"mode":"sync"})").json().at("error") ==
        "the store can't be reached, or did not answer in time; nothing was "
        "written");
}

TEST_CASE("no time may end a rollback", "[gate]") {
  operator_client client;
  client.gateway.procedures = {rollback_to_stop()};
  REQUIRE(client.order("pause", "{}").status == 200);
  const auto is_trial = GENERATE("", R"(,"dry_run":true)");
  const auto refused =
      client.order("pause", R"({"dial":"delivery","resume_after":60)" +
                                std::string(is_trial) + '}');
  CHECK(refused.status == 409);
  CHECK(refused.slug() == "rollback-holds");
  CHECK(client.gateway.changes.size() == 1);
  CHECK(client.order("pause", R"({"dial":"delivery"})").status == 200);
}

TEST_CASE("a dry run shows what would become of the dials", "[gate]") {
  operator_client client;
  const auto answer = client.order(
      "mode", R"({"mode":"reject","retry_after":60,"dry_run":true})");
  REQUIRE(answer.status == 200);
  CHECK(answer.json().at("dry_run") == true);
  CHECK(answer.json().at("ingest") == "reject");
  CHECK(answer.json().at("retry_after") == 60);
  CHECK(answer.json().at("before").at("ingest") == "async");
  CHECK(client.order("pause", R"({"dry_run":true})").json().at("processing") ==
        "paused");
  CHECK(client.order("drain", R"({"dry_run":true})").json().at("processing") ==
        "draining");
  CHECK(client.order("pause", R"({"dry_run":true,"expected_version":7})")
            .status == 409);
  CHECK(client.order("pause", R"({"dry_run":"yes"})").status == 422);
  CHECK(client.gateway.changes.empty());
}

TEST_CASE("what is wrong with an order is named", "[gate]") {
  operator_client client;
  const auto body = GENERATE(
      as<std::string>{}, R"({})", R"({"mode":"on"})", R"({"mode":1})",
      R"({"mode":"sync","retry_after":0})", R"({"mode":"sync","actor":""})",
      R"({"mode":"sync","reason":"a\nb"})", R"({"mode":"sync","extra":1})",
      R"({"mode":"sync","wait_ms":999999})");
  CHECK(client.order("mode", body).status == 422);
  CHECK(client.gateway.changes.empty());
}

TEST_CASE("each dial is paused and resumed by its name", "[gate]") {
  operator_client client;
  CHECK(client.order("pause", "").json().at("processing") == "paused");
  CHECK(client.order("resume", "").json().at("processing") == "running");
  CHECK(client.order("pause", R"({"dial":"delivery"})").json().at("delivery") ==
        "paused");
  CHECK(client.order("pause", R"({"dial":"ingest"})").status == 422);
}

TEST_CASE("a drain shows how far it is, and its certificate", "[gate]") {
  operator_client client;
  auto &sample = client.gateway.sample;
  sample.depth.pending = 900;
  sample.depth.processing = 100;
  sample.stored_per_minute = 6000;
  REQUIRE(client.order("drain", R"({"timeout":30})").status == 200);
  CHECK(client.gateway.changes.back().drain_within == std::chrono::seconds(30));
  const auto during = client.look("gate").json();
  CHECK(during.at("drain").at("left") == 1000);
  CHECK(during.at("drain").at("seconds_left") == 10);
  CHECK(during.at("last_drain").is_null());
  sample.gate.state.processing = db::processing_mode::drained;
  client.gateway.last_drain = {.waiting_before = 5, .accepted = 2, .stored = 7};
  const auto after = client.look("gate").json();
  CHECK(after.at("drain").is_null());
  CHECK(after.at("last_drain").at("is_balanced") == true);
}

TEST_CASE("synchronous events are created", "[gate]") {
  operator_client client;
  client.order("mode", R"({"mode":"sync"})");
  client.sign_up();
  const auto created = client.post("/api/events", any_event);
  CHECK(created.status == 201);
  CHECK(created.json().at("status") == "created");
  const auto batch =
      client.post("/api/events/batch", std::string("[") + any_event + ']');
  CHECK(batch.status == 201);
  CHECK(batch.json().at("results").at(0).at("status") == 201);
}

TEST_CASE("rejected events are told when to come again", "[gate]") {
  operator_client client;
  client.order("mode", R"({"mode":"reject","retry_after":9})");
  client.sign_up();
  const auto target =
      GENERATE(as<std::string>{}, "/api/events", "/api/events/batch");
  const auto answer = client.post(target, any_event);
  CHECK(answer.status == 503);
  CHECK(answer.slug() == "ingest-rejected");
  CHECK(answer.header("Retry-After") == "9");
  CHECK(client.gateway.events.empty());
}

TEST_CASE("a gate that closes behind the first look refuses too", "[gate]") {
  operator_client client;
  client.sign_up();
  db::error closed{db::errc::closed, "accept: closed", {}, {}};
  closed.retry_after = std::chrono::seconds(4);
  client.gateway.item_errors = {{0, closed}};
  const auto answer = client.post("/api/events", any_event);
  CHECK(answer.status == 503);
  CHECK(answer.slug() == "ingest-rejected");
  CHECK(answer.header("Retry-After") == "4");
}

TEST_CASE("a full queue takes no events", "[gate]") {
  operator_client client;
  client.sign_up();
  client.gateway.full_for = std::chrono::seconds(12);
  const auto answer = client.post("/api/events", any_event);
  CHECK(answer.status == 503);
  CHECK(answer.slug() == "queue-full");
  CHECK(answer.header("Retry-After") == "12");
}

TEST_CASE("an organization that used its share of the queue is told so",
          "[gate]") {
  operator_client client;
  client.sign_up();
  client.gateway.refused_owner = client.gateway.organizations.begin()->first;
  const auto *const target =
      GENERATE(as<const char *>{}, "/api/events", "/api/events/batch");
  const auto answer = client.post(target, any_event);
  CHECK(answer.status == 503);
  CHECK(answer.slug() == "queue-full");
  CHECK(answer.header("Retry-After") == "7");
  CHECK_THAT(answer.raw.body, Catch::Contains("your organization"));
  CHECK(client.gateway.events.empty());
  // Another one is taken.
  client.gateway.refused_owner = db::organization_id::generate();
  CHECK(client.post("/api/events", any_event).status == 202);
}

TEST_CASE("a batch is refused if it is too many for the share", "[gate]") {
  operator_client client;
  client.sign_up();
  client.gateway.refused_owner = client.gateway.organizations.begin()->first;
  client.gateway.refused_above = 2;
  const std::string one = any_event;
  const auto answer =
      client.post("/api/events/batch", '[' + one + ',' + one + ',' + one + ']');
  CHECK(answer.status == 503);
  CHECK(answer.slug() == "queue-full");
  CHECK(client.gateway.events.empty());
  CHECK(client.post("/api/events/batch", '[' + one + ',' + one + ']').status ==
        202);
}
