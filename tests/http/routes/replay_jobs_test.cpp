#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "http/in/rfc3339.hpp"
#include "tests/http/routes/endpoint_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

const std::string since = R"("since":"2026-01-01T00:00:00Z")";

received begin_replay(const route_client &client, const std::string &id,
                      const std::string &more = "") {
  return order(client, id, "replay", '{' + since + more + '}');
}

received cancel_replay(const route_client &client, const std::string &id) {
  return client.send({"DELETE", "/api/replays/" + id, "", {}});
}

} // namespace

TEST_CASE("an endpoint's replay is a job that can be looked at", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  const auto answer =
      begin_replay(client, id,
                   R"(,"until":"2026-01-02T01:00:00+01:00","rate":50,)"
                   R"("status":"dead_letter")");
  CHECK(answer.status == 202);
  const auto job = answer.json();
  CHECK(job.at("endpoint_id") == id);
  CHECK(job.at("state") == "running");
  CHECK(job.at("reason") == nullptr);
  CHECK(job.at("status") == "dead_letter");
  CHECK(job.at("rate") == 50);
  CHECK(job.at("replayed") == 0);
  CHECK(http::parse_rfc3339(job.at("until").get<std::string>()) ==
        http::parse_rfc3339("2026-01-02T00:00:00Z"));
  auto &jobs = client.gateway.webhooks.jobs;
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].organization == client.gateway.organizations.begin()->first);
  CHECK(jobs[0].since == http::parse_rfc3339("2026-01-01T00:00:00Z"));
  jobs[0].replayed = 7;
  jobs[0].examined = 9;
  const auto path = "/api/replays/" + job.at("id").get<std::string>();
  CHECK(client.get(path).json().at("replayed") == 7);
  CHECK(client.get(path).json().at("examined") == 9);
  CHECK(client.gateway.webhooks.replays.empty());
}

TEST_CASE("a replay of all that was settled has no status", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  const auto job = begin_replay(client, id).json();
  CHECK(job.at("status") == nullptr);
  CHECK(job.at("rate") == 0);
  CHECK_FALSE(client.gateway.webhooks.jobs[0].dead_letters_only);
}

TEST_CASE("a replay can be cancelled", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  const auto job = begin_replay(client, id).json().at("id");
  CHECK(cancel_replay(client, job).json().at("state") == "cancelled");
  CHECK(cancel_replay(client, job).status == 200);
  CHECK(
      client.get("/api/replays/" + job.get<std::string>()).json().at("state") ==
      "cancelled");
}

TEST_CASE("the replays of an endpoint are listed", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  const auto path = endpoints_path + '/' + id + "/replays";
  CHECK(client.get(path).raw.body == R"({"replays":[]})");
  begin_replay(client, id);
  const auto second = begin_replay(client, id).json().at("id");
  const auto listed = client.get(path).json().at("replays");
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].at("id") == second);
}

TEST_CASE("an organization may not have too many replays at once", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  for (int i = 0; i < 5; ++i)
    CHECK(begin_replay(client, id).status == 202);
  const auto refused = begin_replay(client, id);
  CHECK(refused.status == 409);
  CHECK(refused.slug() == "too-many-replays");
  CHECK(client.gateway.webhooks.most_jobs == 5);
}

TEST_CASE("a dry run counts and begins nothing", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  auto &webhooks = client.gateway.webhooks;
  webhooks.steps = {replay_step(1000), replay_step(5, true)};
  const auto answer = begin_replay(client, id, R"(,"dry_run":true)");
  CHECK(answer.status == 200);
  CHECK(answer.raw.body ==
        R"({"count":1005,"is_complete":true,"dry_run":true})");
  CHECK(webhooks.jobs.empty());
  REQUIRE(webhooks.replays.size() == 2);
  CHECK(webhooks.replays[0].is_dry_run);
  CHECK(webhooks.replays[1].is_dry_run);
  CHECK(webhooks.replays[1].after);
}

TEST_CASE("replays of others, and of nobody, are not found", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  const auto job = begin_replay(client, id).json().at("id");
  client.sign_up("other");
  for (const auto &unknown :
       {job.get<std::string>(), db::replay_id::generate().to_string(),
        std::string("x")}) {
    CHECK(client.get("/api/replays/" + unknown).status == 404);
    CHECK(cancel_replay(client, unknown).status == 404);
  }
  CHECK(client.get(endpoints_path + '/' + id + "/replays").status == 404);
  CHECK(begin_replay(client, id).status == 404);
  CHECK(begin_replay(client, id, R"(,"dry_run":true)").status == 404);
  CHECK(client.gateway.webhooks.jobs.size() == 1);
  CHECK(client.gateway.webhooks.jobs[0].state == db::replay_state::running);
}

TEST_CASE("what an endpoint's replay can't mean is refused", "[replay]") {
  route_client client;
  client.sign_up();
  const auto endpoint = id_in(make_endpoint(client));
  for (const auto &more : std::vector<std::string>{
           R"("until":"2026-01-02T00:00:00Z")", R"("since":"yesterday")",
           R"("since":1767225600)", R"("since":"2026-01-01")",
           R"("since":null)", since + R"(,"until":"2026-01-01T00:00:00Z")",
           since + R"(,"until":"2025-01-01T00:00:00Z")",
           since + R"(,"until":"2026-02-30T00:00:00Z")",
           since + R"(,"status":"delivered")", since + R"(,"status":true)",
           since + R"(,"rate":-1)", since + R"(,"rate":"fast")",
           since + R"(,"rate":100001)", since + R"(,"dry_run":null)"}) {
    INFO(more);
    CHECK(order(client, endpoint, "replay", '{' + more + '}').slug() ==
          "validation");
  }
  CHECK(begin_replay(client, endpoint, R"(,"after":"x")").slug() ==
        "unknown-member");
  CHECK(client.gateway.webhooks.jobs.empty());
}
