#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/endpoint_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

received configure(const route_client &client,
                   const std::string &url = good_url) {
  return client.post("/api/webhook/config",
                     R"({"webhook_url":")" + url + "\"}");
}

} // namespace

TEST_CASE("a webhook is made once, then changed", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto made = configure(client);
  CHECK(made.status == 200);
  CHECK(made.header("Cache-Control") == "no-store");
  CHECK(made.json().at("webhook_url") == good_url);
  const auto &kept = client.gateway.webhooks.list;
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].is_default);
  CHECK(made.json().at("endpoint_id") == kept[0].id.to_string());
  CHECK(test_secrets()->unseal(kept[0].secrets.at(0).sealed) ==
        made.json().at("secret").get<std::string>());
  const auto secrets = kept[0].secrets;
  const auto changed = configure(client, "https://b.example.com/");
  CHECK(changed.status == 200);
  CHECK(changed.json().at("endpoint_id") == made.json().at("endpoint_id"));
  CHECK(changed.json().at("webhook_url") == "https://b.example.com/");
  CHECK_FALSE(changed.json().contains("secret"));
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].url == "https://b.example.com/");
  CHECK(kept[0].secrets == secrets);
  CHECK(client.gateway.webhooks.notices == 2);
}

TEST_CASE("other endpoints are left alone by the webhook's configuration",
          "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto other = make_endpoint(client).json();
  const auto made = configure(client, "https://b.example.com/");
  CHECK(made.json().at("endpoint_id") != other.at("id"));
  CHECK(client.get(endpoints_path + '/' + other.at("id").get<std::string>())
            .json()
            .at("url") == good_url);
}

TEST_CASE("a new URL gets a parked webhook going, no paused one",
          "[endpoints]") {
  route_client client;
  client.sign_up();
  configure(client);
  auto &kept = client.gateway.webhooks.list.front();
  kept.state = db::endpoint_state::parked;
  kept.state_reason = "it answers 410";
  configure(client, "https://b.example.com/");
  CHECK(kept.state == db::endpoint_state::active);
  CHECK(kept.state_reason.empty());
  kept.state = db::endpoint_state::paused;
  configure(client);
  CHECK(kept.state == db::endpoint_state::paused);
}

TEST_CASE("a webhook that another request makes meanwhile is changed",
          "[endpoints]") {
  route_client client;
  client.sign_up();
  auto &webhooks = client.gateway.webhooks;
  db::endpoint theirs;
  theirs.id = db::endpoint_id::generate();
  theirs.organization = client.gateway.organizations.begin()->first;
  theirs.is_default = true;
  webhooks.meanwhile = [&] {
    if (webhooks.list.empty())
      webhooks.list.push_back(theirs);
  };
  const auto answer = configure(client);
  CHECK(answer.status == 200);
  CHECK(answer.json().at("endpoint_id") == theirs.id.to_string());
  CHECK_FALSE(answer.json().contains("secret"));
  CHECK(webhooks.list.front().url == good_url);
  webhooks.meanwhile = [&] { ++webhooks.list.front().version; };
  CHECK(configure(client).slug() == "changed-meanwhile");
}

TEST_CASE("a webhook counts as an endpoint", "[endpoints]") {
  auto settings = route_client::default_settings();
  settings.delivery.max_endpoints = 1;
  route_client client(settings);
  client.sign_up();
  make_endpoint(client);
  const auto refused = configure(client);
  CHECK(refused.status == 409);
  CHECK(refused.slug() == "too-many-endpoints");
  CHECK(refused.raw.body.find("whsec_") == std::string::npos);
}

TEST_CASE("a webhook's URL is asked for", "[endpoints]") {
  route_client client;
  client.sign_up();
  for (const auto *body : {"{}", R"({"webhook_url":null})",
                           R"({"webhook_url":["https://a.example.com/"]})"}) {
    const auto answer = client.post("/api/webhook/config", body);
    CHECK(answer.slug() == "validation");
    CHECK(answer.json().at("errors").at(0).at("pointer") == "/webhook_url");
  }
}
