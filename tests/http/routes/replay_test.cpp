#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/endpoint_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

const std::string since_new_year = R"("since":"2026-01-01T00:00:00Z")";

std::string post_event(const route_client &client) {
  return id_in(client.post("/api/events", R"({"type":"a","payload":{}})"));
}

received replay_event(const route_client &client, const std::string &id,
                      const std::string &body = "") {
  return client.post("/api/events/" + id + "/replay", body);
}

} // namespace

TEST_CASE("an event is delivered again to all, or to one", "[replay]") {
  route_client client;
  client.sign_up();
  const auto endpoint = id_in(make_endpoint(client));
  const auto event = post_event(client);
  auto &webhooks = client.gateway.webhooks;
  const int notices = webhooks.notices;
  webhooks.steps = {replay_step(2, true), replay_step(1, true)};
  const auto all = replay_event(client, event);
  CHECK(all.status == 200);
  CHECK(all.raw.body == R"({"count":2,"dry_run":false,"next":null})");
  const auto one =
      replay_event(client, event, R"({"endpoint_id":")" + endpoint + "\"}");
  CHECK(one.json().at("count") == 1);
  CHECK(webhooks.notices == notices + 2);
  REQUIRE(webhooks.replays.size() == 2);
  const auto &[first, second] =
      std::tie(webhooks.replays[0], webhooks.replays[1]);
  CHECK(first.event == db::event_id::parse(event));
  CHECK(first.organization == client.gateway.organizations.begin()->first);
  CHECK_FALSE(first.endpoint);
  CHECK_FALSE(first.since);
  CHECK_FALSE(first.is_dry_run);
  CHECK(second.endpoint == db::endpoint_id::parse(endpoint));
}

TEST_CASE("a dry run of an event's replay wakes nobody", "[replay]") {
  route_client client;
  client.sign_up();
  auto &webhooks = client.gateway.webhooks;
  const int notices = webhooks.notices;
  webhooks.steps = {replay_step(6, true)};
  const auto event = post_event(client);
  CHECK(replay_event(client, event, R"({"dry_run":true})").json().at("count") ==
        6);
  CHECK(webhooks.replays[0].is_dry_run);
  CHECK(webhooks.notices == notices);
}

TEST_CASE("an event's replay goes on step by step", "[replay]") {
  route_client client;
  client.sign_up();
  const auto event = post_event(client);
  auto &webhooks = client.gateway.webhooks;
  const auto first = replay_step(1000);
  const auto fault = tl::unexpected(db::error{db::errc::unavailable, "t", ""});
  webhooks.steps = {first, replay_step(7, true)};
  CHECK(replay_event(client, event).raw.body ==
        R"({"count":1007,"dry_run":false,"next":null})");
  REQUIRE(webhooks.replays.size() == 2);
  CHECK_FALSE(webhooks.replays[0].after);
  CHECK(webhooks.replays[1].after == first.next);
  // What was done before a failure is told, with the place to go on from.
  webhooks.steps = {first, fault};
  const auto some = replay_event(client, event);
  CHECK(some.json().at("count") == 1000);
  CHECK(some.json().at("next") == first.next->to_string());
  const auto rest = R"({"after":")" + first.next->to_string() + "\"}";
  webhooks.steps = {fault};
  CHECK(replay_event(client, event, rest).slug() == "storage-unavailable");
  CHECK(webhooks.replays.back().after == first.next);
}

TEST_CASE("an event that is not stored has nothing to be delivered again",
          "[replay]") {
  using enum db::event_view::place;
  route_client client;
  client.sign_up();
  const auto id = post_event(client);
  for (const auto where : {queued, processing, quarantined, discarded}) {
    client.gateway.events.front().where = where;
    const auto answer = replay_event(client, id);
    CHECK(answer.status == 409);
    CHECK(answer.slug() == "not-stored");
  }
  CHECK(client.gateway.webhooks.replays.empty());
  for (const auto &other :
       {db::event_id::generate().to_string(), std::string("x")})
    CHECK(replay_event(client, other).status == 404);
}

TEST_CASE("what a replay can't mean is refused", "[replay]") {
  route_client client;
  client.sign_up();
  const auto event = post_event(client);
  for (const auto *body :
       {"[]", R"({"endpoint_id":"x"})", R"({"endpoint_id":7})",
        R"({"endpoint_id":null})", R"({"after":""})", R"({"dry_run":1})"}) {
    INFO(body);
    CHECK(replay_event(client, event, body).slug() == "validation");
  }
  CHECK(replay_event(client, event, "{" + since_new_year + "}").slug() ==
        "unknown-member");
  CHECK(client.gateway.webhooks.replays.empty());
}
