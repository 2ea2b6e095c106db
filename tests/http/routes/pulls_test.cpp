#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/endpoint_client.hpp"

using namespace sluice;
using namespace sluice::tests;
using nlohmann::json;

namespace {

constexpr auto some_claim = "019e2c54-7d1e-7c3a-9b7e-0d5cf1a2b3c4";

class puller : public route_client {
public:
  puller() { sign_up(); }

  fake_endpoints &fake() { return gateway.webhooks; }
};

db::inbox_entry some_entry() {
  db::inbox_entry entry;
  entry.id = db::event_id::generate();
  entry.type = "order.placed";
  entry.payload = "{\"a\": 1}";
  entry.dedup_id = "k";
  entry.status = db::delivery_status::sending;
  entry.attempts = 2;
  return entry;
}

} // namespace

TEST_CASE("a claim answers events, and until when they are one's own",
          "[pulls]") {
  puller client;
  const auto entry = some_entry();
  client.fake().pulled.events = {entry};
  client.fake().pulled.claimed_at = client.gateway.now;
  client.fake().pulled.lease_until =
      client.gateway.now + std::chrono::seconds(60);
  const auto answer =
      client.post("/api/inbox/claim", R"({"limit":7,"lease_seconds":60})");
  REQUIRE(answer.status == 200);
  const auto &asked = client.fake().pull_requests.at(0);
  CHECK(asked.limit == 7);
  CHECK(asked.lease == std::chrono::seconds(60));
  CHECK_FALSE(asked.endpoint);
  CHECK(answer.json().at("claim_id") == asked.fence.to_string());
  CHECK(answer.json().at("claimed_at") == db::to_rfc3339(client.gateway.now));
  CHECK(answer.json().at("lease_until") ==
        db::to_rfc3339(client.gateway.now + std::chrono::seconds(60)));
  const auto event = answer.json().at("events").at(0);
  CHECK(event.at("id") == entry.id.to_string());
  CHECK(event.at("payload") == json{{"a", 1}});
  CHECK(event.at("dedup_id") == "k");
  CHECK(event.at("status") == "sending");
  CHECK(event.at("attempts") == 2);
}

TEST_CASE("a claim without a body is for ten events and half a minute",
          "[pulls]") {
  puller client;
  CHECK(client.send({"POST", "/api/inbox/claim", "", {}}).status == 200);
  CHECK(client.post("/api/inbox/claim", "{}").status == 200);
  for (const auto &asked : client.fake().pull_requests) {
    CHECK(asked.limit == 10);
    CHECK(asked.lease == std::chrono::seconds(30));
  }
}

TEST_CASE("a claim of an endpoint says why there is nothing to be had",
          "[pulls]") {
  puller client;
  const auto id = db::endpoint_id::generate().to_string();
  const auto body = json{{"endpoint_id", id}}.dump();
  CHECK(client.post("/api/inbox/claim", body).status == 200);
  CHECK(client.fake().pull_requests.at(0).endpoint->to_string() == id);
  client.fake().pulled.what = db::pull_claim::kind::no_endpoint;
  const auto unknown = client.post("/api/inbox/claim", body);
  CHECK(unknown.status == 404);
  CHECK(client.post("/api/inbox/claim", R"({"endpoint_id":"x"})").raw.body ==
        unknown.raw.body);
  client.fake().pulled.what = db::pull_claim::kind::is_pushed;
  const auto pushed = client.post("/api/inbox/claim", body);
  CHECK(pushed.status == 409);
  CHECK(pushed.slug() == "endpoint-is-pushed");
}

TEST_CASE("claims that can't be meant are refused", "[pulls]") {
  puller client;
  for (const std::string body :
       {R"({"limit":0})", R"({"limit":101})", R"({"limit":"1"})",
        R"({"limit":1.5})", R"({"lease_seconds":0})",
        R"({"lease_seconds":43201})", R"({"lease_seconds":null})",
        R"({"endpoint_id":1})", R"([])"}) {
    INFO(body);
    CHECK(client.post("/api/inbox/claim", body).status == 422);
  }
  CHECK(client.post("/api/inbox/claim", R"({"limits":1})").slug() ==
        "unknown-member");
  CHECK(client.post("/api/inbox/claim", "{").slug() == "invalid-json");
  CHECK(client.fake().pull_requests.empty());
}

TEST_CASE("each event of a claim is answered for by itself", "[pulls]") {
  puller client;
  const auto one = db::event_id::generate();
  const auto two = db::event_id::generate();
  using what = db::pull_outcome;
  using kind = db::pull_order::kind;
  struct verb {
    std::string name;
    kind asked;
    std::string status;
  };
  const std::vector<verb> verbs{{"ack", kind::acknowledge, "delivered"},
                                {"release", kind::release, "released"},
                                {"extend", kind::extend, "extended"}};
  for (const auto &[name, asked, status] : verbs) {
    client.fake().pull_orders.clear();
    client.fake().pull_changes = {{{one, what::done},
                                   {one, what::already},
                                   {two, what::lost},
                                   {db::event_id(), what::not_found}},
                                  client.gateway.now};
    const auto answer = client.post(
        "/api/inbox/" + name,
        json{{"claim_id", some_claim},
             {"ids", {one.to_string(), one.to_string(), two.to_string(), "x"}}}
            .dump());
    REQUIRE(answer.status == 200);
    CHECK(answer.json().at("results") ==
          json{{{"id", one.to_string()}, {"status", status}},
               {{"id", one.to_string()}, {"status", status}},
               {{"id", two.to_string()}, {"status", "lost"}},
               {{"id", "x"}, {"status", "not_found"}}});
    const auto &order = client.fake().pull_orders.at(0);
    CHECK(order.what == asked);
    CHECK(order.fence.to_string() == some_claim);
    CHECK(order.ids.size() == 4);
    CHECK(answer.json().contains("lease_until") == (name == "extend"));
  }
}

TEST_CASE("a claim without ids is meant as a whole", "[pulls]") {
  puller client;
  const auto id = db::event_id::generate();
  client.fake().pull_changes.events = {{id, db::pull_outcome::done}};
  const auto answer =
      client.post("/api/inbox/extend",
                  json{{"claim_id", some_claim}, {"lease_seconds", 90}}.dump());
  CHECK(answer.json().at("results") ==
        json::array({{{"id", id.to_string()}, {"status", "extended"}}}));
  CHECK(client.fake().pull_orders.at(0).ids.empty());
  CHECK(client.fake().pull_orders.at(0).lease == std::chrono::seconds(90));
}

TEST_CASE("what is asked of claims has to make sense", "[pulls]") {
  puller client;
  const std::string claim = std::string(R"("claim_id":")") + some_claim + '"';
  for (const std::string name : {"ack", "release", "extend"}) {
    const auto path = "/api/inbox/" + name;
    for (const auto &members :
         {std::string(), std::string(R"("claim_id":1)"),
          std::string(R"("claim_id":"")"), std::string(R"("claim_id":"x")"),
          claim + R"(,"ids":[])", claim + R"(,"ids":"x")",
          claim + R"(,"ids":[1])", claim + R"(,"ids":null)"}) {
      INFO(members);
      CHECK(client.post(path, '{' + members + '}').status == 422);
    }
    CHECK(client.post(path, "").status >= 400);
    json ids = json::array();
    for (int at = 0; at < 101; ++at)
      ids.push_back("x");
    CHECK(client.post(path, json{{"claim_id", some_claim}, {"ids", ids}}.dump())
              .status == 422);
  }
  CHECK(client.post("/api/inbox/ack", '{' + claim + R"(,"lease_seconds":1})")
            .slug() == "unknown-member");
  CHECK(client.post("/api/inbox/extend", '{' + claim + R"(,"lease_seconds":0})")
            .status == 422);
  CHECK(client.fake().pull_orders.empty());
}

TEST_CASE("pullers need a key, and hear when the store is away", "[pulls]") {
  puller client;
  client.gateway.outage = db::error{db::errc::unavailable, "away", {}};
  CHECK(client.post("/api/inbox/claim", "{}").status == 503);
  client.gateway.outage.reset();
  client.use_key("");
  CHECK(client.post("/api/inbox/claim", "{}").status == 401);
}
