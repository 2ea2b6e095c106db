#include <set>

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "http/in/routes/endpoint_orders.hpp"
#include "tests/http/routes/endpoint_client.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

const std::string full = R"(,"description":"Aé","event_types":["a.b","c.*"],)"
                         R"("headers":{"X-Tenant":"t \"1\""},)"
                         R"("max_in_flight":3,"rate_per_second":7)";

/// The endpoint at the store.
const db::endpoint &kept(const route_client &client) {
  REQUIRE(client.gateway.webhooks.list.size() == 1);
  return client.gateway.webhooks.list.front();
}

db::endpoint &to_change(route_client &client) {
  REQUIRE(client.gateway.webhooks.list.size() == 1);
  return client.gateway.webhooks.list.front();
}

} // namespace

TEST_CASE("an endpoint is made with what is said of it", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto made = make_endpoint(client, full);
  REQUIRE(made.status == 201);
  const auto body = made.json();
  CHECK(body.at("url") == good_url);
  CHECK(body.at("description") == "Aé");
  CHECK(body.at("event_types") == nlohmann::json({"a.b", "c.*"}));
  CHECK(body.at("headers") == nlohmann::json({{"X-Tenant", "t \"1\""}}));
  CHECK(body.at("max_in_flight") == 3);
  CHECK(body.at("rate_per_second") == 7);
  CHECK(body.at("state") == "active");
  CHECK(body.at("state_reason").is_null());
  CHECK(body.at("is_default") == false);
  CHECK(body.at("failing_since").is_null());
  CHECK(body.at("created_at") == db::to_rfc3339(client.gateway.webhooks.now));
  CHECK(kept(client).headers.front().value == "t \"1\"");
  CHECK(client.gateway.webhooks.notices == 1);
}

TEST_CASE("an endpoint of which only the URL is said has the defaults",
          "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto body =
      make_endpoint(client,
                    R"(,"description":null,"event_types":null,"headers":null)")
          .json();
  CHECK(body.at("description") == "");
  CHECK(body.at("event_types").is_null());
  CHECK(body.at("headers") == nlohmann::json::object());
  CHECK(body.at("max_in_flight") == 8);
  CHECK(body.at("rate_per_second") == 0);
}

TEST_CASE("a secret is shown when it is made, and never again", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto made = make_endpoint(client);
  CHECK(made.header("Cache-Control") == "no-store");
  const auto secret = made.json().at("secret").get<std::string>();
  CHECK(secret.starts_with("whsec_"));
  const auto sealed = kept(client).secrets.front().sealed;
  CHECK(test_secrets()->unseal(sealed) == secret);
  CHECK(sealed.find(secret) == std::string::npos);
  const auto id = id_in(made);
  const auto shown = made.json().at("secrets");
  CHECK(shown == nlohmann::json::parse(R"([{"expires_at":null}])"));
  for (const auto &answer :
       {client.get(endpoints_path), client.get(endpoints_path + '/' + id),
        patch(client, id, R"({"max_in_flight":2})"), order(client, id, "pause"),
        order(client, id, "resume"), order(client, id, "rotate-secret")}) {
    CHECK(answer.status == 200);
    CHECK(answer.raw.body.find(secret) == std::string::npos);
    CHECK(answer.raw.body.find("sealed") == std::string::npos);
  }
}

TEST_CASE("no two endpoints have one secret", "[endpoints]") {
  route_client client;
  client.sign_up();
  std::set<std::string> seen;
  for (int i = 0; i < 5; ++i)
    CHECK(seen.insert(make_endpoint(client).json().at("secret")).second);
}

TEST_CASE("endpoints are listed, oldest first", "[endpoints]") {
  route_client client;
  client.sign_up();
  CHECK(client.get(endpoints_path).raw.body == R"({"endpoints":[]})");
  const auto first = id_in(make_endpoint(client));
  const auto second = id_in(make_endpoint(client));
  const auto all = client.get(endpoints_path).json().at("endpoints");
  REQUIRE(all.size() == 2);
  CHECK(all[0].at("id") == first);
  CHECK(all[1].at("id") == second);
  CHECK(client.get(endpoints_path + '/' + first).json() == all[0]);
}

TEST_CASE("an organization has no more endpoints than the setting says",
          "[endpoints]") {
  auto settings = route_client::default_settings();
  settings.delivery.max_endpoints = 2;
  route_client client(settings);
  client.sign_up();
  CHECK(make_endpoint(client).status == 201);
  CHECK(make_endpoint(client).status == 201);
  const auto refused = make_endpoint(client);
  CHECK(refused.status == 409);
  CHECK(refused.slug() == "too-many-endpoints");
  CHECK(refused.json().at("limit") == 2);
  client.sign_up("other");
  CHECK(make_endpoint(client).status == 201);
}

TEST_CASE("a change leaves what it does not name", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto made = make_endpoint(client, full);
  auto wanted = made.json();
  wanted.erase("secret");
  const auto changed = patch(client, id_in(made), R"({"max_in_flight":100})");
  CHECK(changed.status == 200);
  wanted["max_in_flight"] = 100;
  CHECK(changed.json() == wanted);
  const auto other = patch(client, id_in(made),
                           R"({"url":"https://b.example.com/","headers":null,)"
                           R"("description":null,"event_types":null})");
  CHECK(other.status == 200);
  wanted["url"] = "https://b.example.com/";
  wanted["headers"] = nlohmann::json::object();
  wanted["description"] = "";
  wanted["event_types"] = nullptr;
  CHECK(other.json() == wanted);
  CHECK(client.gateway.webhooks.notices == 3);
}

TEST_CASE("a change survives another at the same time", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  auto &webhooks = client.gateway.webhooks;
  int others = 2;
  webhooks.meanwhile = [&] {
    if (others-- > 0) {
      ++webhooks.list.front().version;
      webhooks.list.front().rate_per_second = 40 + others;
    }
  };
  const auto changed = patch(client, id, R"({"max_in_flight":9})");
  CHECK(changed.status == 200);
  CHECK(changed.json().at("max_in_flight") == 9);
  CHECK(changed.json().at("rate_per_second") == 40);
}

TEST_CASE("a change that others outrun each time is a conflict",
          "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  auto &webhooks = client.gateway.webhooks;
  webhooks.meanwhile = [&] { ++webhooks.list.front().version; };
  const auto changed = patch(client, id, R"({"max_in_flight":9})");
  CHECK(changed.status == 409);
  CHECK(changed.slug() == "changed-meanwhile");
  CHECK(kept(client).max_in_flight == 8);
  webhooks.meanwhile = [&] { webhooks.list.clear(); };
  CHECK(patch(client, id, R"({"max_in_flight":9})").status == 404);
}

TEST_CASE("an endpoint that was removed is gone", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  const auto path = endpoints_path + '/' + id;
  const auto removed = client.send({"DELETE", path, "", {}});
  CHECK(removed.status == 200);
  CHECK(removed.raw.body == R"({"id":")" + id + R"(","status":"removed"})");
  CHECK(client.gateway.webhooks.notices == 2);
  for (const auto &answer :
       {client.send({"DELETE", path, "", {}}), client.get(path),
        patch(client, id, "{}"), order(client, id, "pause")}) {
    CHECK(answer.status == 404);
    CHECK(answer.slug() == "not-found");
  }
}

TEST_CASE("an endpoint pauses and goes on", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  const auto paused = order(client, id, "pause", R"({"reason":"we move"})");
  CHECK(paused.status == 200);
  CHECK(paused.json().at("state") == "paused");
  CHECK(paused.json().at("state_reason") == "we move");
  CHECK(order(client, id, "pause").json().at("state_reason") ==
        "paused by its owner");
  const auto resumed = order(client, id, "resume");
  CHECK(resumed.status == 200);
  CHECK(resumed.json().at("state") == "active");
  CHECK(resumed.json().at("state_reason").is_null());
  CHECK(client.gateway.webhooks.notices == 4);
}

TEST_CASE("an endpoint that was parked goes on when its owner says so",
          "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  auto &parked = to_change(client);
  parked.state = db::endpoint_state::parked;
  parked.state_reason = "it answers 410";
  parked.failing_since = client.gateway.now;
  const auto shown = patch(client, id, "{}").json();
  CHECK(shown.at("state") == "parked");
  CHECK(shown.at("state_reason") == "it answers 410");
  CHECK(shown.at("failing_since") == db::to_rfc3339(client.gateway.now));
  const auto resumed = order(client, id, "resume").json();
  CHECK(resumed.at("state") == "active");
  CHECK(resumed.at("failing_since").is_null());
}

TEST_CASE("a new secret takes the place of the old ones after the grace",
          "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto made = make_endpoint(client);
  const auto old = kept(client).secrets.front().sealed;
  const auto rotated =
      order(client, id_in(made), "rotate-secret", R"({"grace_seconds":60})");
  CHECK(rotated.status == 200);
  CHECK(rotated.header("Cache-Control") == "no-store");
  const auto secret = rotated.json().at("secret").get<std::string>();
  CHECK(secret != made.json().at("secret"));
  CHECK(rotated.json().at("secrets").size() == 2);
  REQUIRE(kept(client).secrets.size() == 2);
  CHECK(test_secrets()->unseal(kept(client).secrets[0].sealed) == secret);
  CHECK_FALSE(kept(client).secrets[0].expires_at);
  CHECK(kept(client).secrets[1].sealed == old);
  CHECK(kept(client).secrets[1].expires_at);
  order(client, id_in(made), "rotate-secret", R"({"grace_seconds":0})");
  CHECK(kept(client).secrets.size() == 1);
}

TEST_CASE("secrets expire as soon as any rotation said", "[endpoints]") {
  const db::timestamp now(500'000h);
  db::endpoint which;
  http::add_secret(which, "1", now, 1h);
  http::add_secret(which, "2", now, 1h);
  http::add_secret(which, "3", now + 1min, 24h);
  REQUIRE(which.secrets.size() == 3);
  CHECK(which.secrets[1].expires_at == now + 1min + 24h);
  CHECK(which.secrets[2].expires_at == now + 1h);
  SECTION("of four the oldest is dropped") {
    http::add_secret(which, "4", now + 2min, 24h);
    REQUIRE(which.secrets.size() == 3);
    CHECK(which.secrets[0].sealed == "4");
    CHECK(which.secrets[2].sealed == "2");
  }
  SECTION("what has expired is dropped") {
    http::add_secret(which, "4", now + 1h, 24h);
    REQUIRE(which.secrets.size() == 3);
    CHECK(which.secrets[2].sealed == "2");
    http::add_secret(which, "5", now + 30h, 0s);
    REQUIRE(which.secrets.size() == 1);
    CHECK(which.secrets[0].sealed == "5");
  }
}

TEST_CASE("without a key for secrets there are no webhooks", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  client.forget_secrets();
  for (const auto &answer :
       {client.get(endpoints_path), make_endpoint(client),
        client.get(endpoints_path + '/' + id), patch(client, id, "{}"),
        order(client, id, "pause"), order(client, id, "resume"),
        order(client, id, "rotate-secret"), order(client, id, "replay", "{}"),
        client.post("/api/events/" + id + "/replay", ""),
        client.post("/api/webhook/config", "{}")}) {
    CHECK(answer.status == 503);
    CHECK(answer.slug() == "webhooks-off");
    CHECK(answer.header("Retry-After") == "60");
  }
  client.use_key("");
  CHECK(client.get(endpoints_path).status == 401);
}

TEST_CASE("endpoints while the store is away are a clean 503", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  for (const auto &[code, slug] :
       {std::pair(db::errc::unavailable, "storage-unavailable"),
        std::pair(db::errc::in_doubt, "commit-outcome-unknown")}) {
    client.gateway.outage = db::error{code, "secret text", ""};
    for (const auto &answer :
         {make_endpoint(client), patch(client, id, "{}"),
          order(client, id, "rotate-secret"),
          client.post("/api/webhook/config",
                      R"({"webhook_url":")" + good_url + "\"}")}) {
      CHECK(answer.status == 503);
      CHECK(answer.slug() == slug);
      CHECK(answer.raw.body.find("whsec_") == std::string::npos);
      CHECK(answer.raw.body.find("secret text") == std::string::npos);
    }
  }
}
