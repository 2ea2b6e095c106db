#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "http/in/rfc3339.hpp"
#include "tests/http/routes/endpoint_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

const std::string since = R"("since":"2026-01-01T00:00:00Z")";

std::string post_event(const route_client &client) {
  return id_in(client.post("/api/events", R"({"type":"a","payload":{}})"));
}

received replay_event(const route_client &client, const std::string &id,
                      const std::string &body = "") {
  return client.post("/api/events/" + id + "/replay", body);
}

db::replay_outcome step(int count, bool is_last = false) {
  return {count,
          is_last ? std::nullopt : std::optional(db::delivery_id::generate())};
}

} // namespace

TEST_CASE("an event is delivered again to all, or to one", "[replay]") {
  route_client client;
  client.sign_up();
  const auto endpoint = id_in(make_endpoint(client));
  const auto event = post_event(client);
  auto &webhooks = client.gateway.webhooks;
  const int notices = webhooks.notices;
  webhooks.steps = {step(2, true), step(1, true)};
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

TEST_CASE("an endpoint gets again what it had in a while", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  auto &webhooks = client.gateway.webhooks;
  webhooks.steps = {step(5, true)};
  const auto answer = order(client, id, "replay",
                            '{' + since +
                                R"(,"until":"2026-01-02T01:00:00+01:00",)"
                                R"("dead_letters_only":true})");
  CHECK(answer.status == 200);
  CHECK(answer.json().at("count") == 5);
  REQUIRE(webhooks.replays.size() == 1);
  const auto &asked = webhooks.replays.front();
  CHECK(asked.endpoint == db::endpoint_id::parse(id));
  CHECK_FALSE(asked.event);
  CHECK(asked.since == http::parse_rfc3339("2026-01-01T00:00:00Z"));
  CHECK(asked.until == http::parse_rfc3339("2026-01-02T00:00:00Z"));
  CHECK(asked.dead_letters_only);
  CHECK(asked.limit == 1000);
}

TEST_CASE("a dry run wakes nobody", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  auto &webhooks = client.gateway.webhooks;
  const int notices = webhooks.notices;
  webhooks.steps = {step(5, true), step(6, true)};
  const auto answer =
      order(client, id, "replay", '{' + since + R"(,"dry_run":true})");
  CHECK(answer.raw.body == R"({"count":5,"dry_run":true,"next":null})");
  const auto event = post_event(client);
  CHECK(replay_event(client, event, R"({"dry_run":true})").json().at("count") ==
        6);
  CHECK(webhooks.replays[0].is_dry_run);
  CHECK(webhooks.replays[1].is_dry_run);
  CHECK(webhooks.notices == notices);
}

TEST_CASE("a replay goes on step by step", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  auto &webhooks = client.gateway.webhooks;
  const auto first = step(1000);
  const auto second = step(0);
  webhooks.steps = {first, second, step(7, true)};
  const auto answer = order(client, id, "replay", '{' + since + '}');
  CHECK(answer.raw.body == R"({"count":1007,"dry_run":false,"next":null})");
  REQUIRE(webhooks.replays.size() == 3);
  CHECK_FALSE(webhooks.replays[0].after);
  CHECK(webhooks.replays[1].after == first.next);
  CHECK(webhooks.replays[2].after == second.next);
  CHECK(webhooks.replays[2].since == webhooks.replays[0].since);
}

TEST_CASE("a long replay takes several requests", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  auto &webhooks = client.gateway.webhooks;
  for (int i = 0; i < 100; ++i)
    webhooks.steps.emplace_back(step(1000));
  const auto last = webhooks.steps.back()->next;
  webhooks.steps.emplace_back(step(3, true));
  const auto some = order(client, id, "replay", '{' + since + '}');
  CHECK(webhooks.replays.size() == 100);
  CHECK(some.json().at("count") == 100'000);
  CHECK(some.json().at("next") == last->to_string());
  const auto rest =
      order(client, id, "replay",
            '{' + since + R"(,"after":")" + last->to_string() + "\"}");
  CHECK(rest.raw.body == R"({"count":3,"dry_run":false,"next":null})");
  CHECK(webhooks.replays.back().after == last);
}

TEST_CASE("a replay that fails on its way tells how far it came", "[replay]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  auto &webhooks = client.gateway.webhooks;
  const auto first = step(1000);
  const auto fault = tl::unexpected(db::error{db::errc::unavailable, "t", ""});
  webhooks.steps = {first, fault};
  const auto some = order(client, id, "replay", '{' + since + '}');
  CHECK(some.status == 200);
  CHECK(some.json().at("count") == 1000);
  CHECK(some.json().at("next") == first.next->to_string());
  webhooks.steps = {fault};
  const auto none = order(client, id, "replay", '{' + since + '}');
  CHECK(none.slug() == "storage-unavailable");
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
  const auto endpoint = id_in(make_endpoint(client));
  for (const auto *body :
       {"[]", R"({"endpoint_id":"x"})", R"({"endpoint_id":7})",
        R"({"endpoint_id":null})", R"({"after":""})", R"({"dry_run":1})"}) {
    INFO(body);
    CHECK(replay_event(client, event, body).slug() == "validation");
  }
  CHECK(replay_event(client, event, "{" + since + "}").slug() ==
        "unknown-member");
  for (const auto &more : std::vector<std::string>{
           R"("until":"2026-01-02T00:00:00Z")", R"("since":"yesterday")",
           R"("since":1767225600)", R"("since":"2026-01-01")",
           R"("since":null)", since + R"(,"until":"2026-01-01T00:00:00Z")",
           since + R"(,"until":"2025-01-01T00:00:00Z")",
           since + R"(,"until":"2026-02-30T00:00:00Z")",
           since + R"(,"dead_letters_only":"yes")",
           since + R"(,"dry_run":null)", since + R"(,"after":"x")"}) {
    INFO(more);
    CHECK(order(client, endpoint, "replay", '{' + more + '}').slug() ==
          "validation");
  }
  CHECK(client.gateway.webhooks.replays.empty());
}
