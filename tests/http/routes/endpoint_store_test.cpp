#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/endpoint_client.hpp"
#include "tests/support/store_under_test.hpp"

// The routes of endpoints over the stores that there are: what the fake can't
// promise.

using namespace sluice;
using namespace sluice::tests;
using nlohmann::json;

namespace {

/// A client whose calls go to a store, with one organization.
class stored_client : public route_client {
public:
  explicit stored_client(const std::string &store)
      : route_client(settings()),
        store_(make_store(store, {.has_manual_clock = false})),
        session_(store_->connect()), node_(make_node()) {
    gateway.session = session_.get();
    value_of(session_->enlist(node_));
    key = sign_up();
    owner = *db::organization_id::parse(
        get("/api/keys").json().at("organization_id").get<std::string>());
  }

  /// An event in the log.
  std::string store_event() {
    const auto fresh = make_events(owner, 1);
    value_of(session_->accept(fresh, std::chrono::hours(1)));
    const auto fence = db::claim_id::generate();
    value_of(session_->claim_items({.node = node_.id, .id = fence}));
    CHECK(value_of(session_->move(fence)) == 1);
    return fresh.front().id.to_string();
  }

  /// Gives up what is due for an endpoint.
  void give_up(const std::string &endpoint) {
    const auto taken = value_of(session_->claim_deliveries(
        {.node = node_.id,
         .fence = db::claim_id::generate(),
         .lease = std::chrono::minutes(1),
         .limit = 100,
         .shares = {{*db::endpoint_id::parse(endpoint), 100}}}));
    std::vector<db::delivery_result> results;
    for (const auto &one : taken.deliveries)
      results.push_back({.id = one.id,
                         .organization = owner,
                         .fence = taken.fence,
                         .what = db::delivery_result::kind::dead_letter,
                         .duration = std::chrono::milliseconds(12),
                         .response_status = 500,
                         .error = "answered 500",
                         .response_head = "no\xFF"});
    CHECK(value_of(session_->record_deliveries(results)).recorded ==
          static_cast<int>(results.size()));
  }

  std::string key;
  db::organization_id owner;

private:
  static config::settings settings() {
    auto out = default_settings();
    out.delivery.max_endpoints = 2;
    return out;
  }

  std::unique_ptr<store_under_test> store_;
  std::unique_ptr<db::store> session_;
  db::node node_;
};

/// The deliveries of an event to one endpoint.
std::vector<json> deliveries_to(const std::string &endpoint,
                                const json &event) {
  std::vector<json> out;
  for (const auto &one : event.at("deliveries"))
    if (one.at("endpoint_id") == endpoint)
      out.push_back(one);
  return out;
}

} // namespace

TEST_CASE("an endpoint is in the store what it was said to be",
          "[endpoints][store]") {
  for (const auto &store : available_stores()) {
    INFO(store);
    stored_client client(store);
    const auto made = make_endpoint(
        client, R"(,"description":"Aé \"","event_types":["a.b","c.*"],)"
                R"("headers":{"X-B":"t \"1\" \\","X-A":"2"})");
    REQUIRE(made.status == 201);
    auto wanted = made.json();
    wanted.erase("secret");
    const auto id = id_in(made);
    CHECK(client.get(endpoints_path + '/' + id).json() == wanted);
    CHECK(client.get(endpoints_path).json().at("endpoints") ==
          json::array({wanted}));
    const auto changed = patch(client, id,
                               R"({"description":null,"event_types":null,)"
                               R"("headers":null,"rate_per_second":5})")
                             .json();
    CHECK(changed.at("event_types").is_null());
    CHECK(changed.at("headers") == json::object());
    CHECK(changed.at("rate_per_second") == 5);
    CHECK(changed.at("created_at") == wanted.at("created_at"));
    CHECK(order(client, id, "pause").json().at("state") == "paused");
    CHECK(order(client, id, "resume").json().at("state") == "active");
    for (int i = 0; i < 4; ++i)
      CHECK(order(client, id, "rotate-secret").status == 200);
    const auto secrets = client.get(endpoints_path + '/' + id).json();
    CHECK(secrets.at("secrets").size() == 3);
    CHECK(secrets.at("secrets").at(0).at("expires_at").is_null());
    CHECK(secrets.at("secrets").at(1).at("expires_at").is_string());
  }
}

TEST_CASE("a store keeps one default endpoint, and as many as it may",
          "[endpoints][store]") {
  for (const auto &store : available_stores()) {
    INFO(store);
    stored_client client(store);
    const std::string config = R"({"webhook_url":")" + good_url + "\"}";
    const auto first = client.post("/api/webhook/config", config);
    const auto again = client.post("/api/webhook/config", config);
    CHECK(first.json().contains("secret"));
    CHECK_FALSE(again.json().contains("secret"));
    CHECK(again.json().at("endpoint_id") == first.json().at("endpoint_id"));
    CHECK(make_endpoint(client).status == 201);
    CHECK(make_endpoint(client).slug() == "too-many-endpoints");
    client.sign_up("other");
    CHECK(client.get(endpoints_path).raw.body == R"({"endpoints":[]})");
    CHECK(client.post("/api/webhook/config", config).json().contains("secret"));
  }
}

TEST_CASE("what was given up is told, and delivered again",
          "[endpoints][replay][store]") {
  const std::string since = R"({"since":"2020-01-01T00:00:00Z")";
  for (const auto &store : available_stores()) {
    INFO(store);
    stored_client client(store);
    const auto id = id_in(make_endpoint(client));
    const auto event = client.store_event();
    const auto path = "/api/events/" + event;
    const auto shown = [&] {
      const auto found = deliveries_to(id, client.get(path).json());
      REQUIRE(found.size() == 1);
      return found.front();
    };
    CHECK(shown().at("status") == "pending");
    CHECK(shown().at("attempts_log").empty());
    client.give_up(id);
    CHECK(shown().at("status") == "dead_letter");
    const auto log = shown().at("attempts_log");
    REQUIRE(log.size() == 1);
    CHECK(log[0].at("response_status") == 500);
    CHECK(log[0].at("duration_ms") == 12);
    CHECK(log[0].at("error") == "answered 500");
    CHECK(log[0].at("response_head") == "no\uFFFD");

    client.sign_up("other");
    CHECK(client.post(path + "/replay", "").status == 404);
    CHECK(order(client, id, "replay", since + '}').status == 404);
    client.use_key(client.key);
    CHECK(shown().at("status") == "dead_letter");

    CHECK(client.post(path + "/replay", R"({"dry_run":true})").raw.body ==
          R"({"count":1,"dry_run":true,"next":null})");
    CHECK(shown().at("status") == "dead_letter");
    CHECK(client.post(path + "/replay", "").json().at("count") == 1);
    CHECK(shown().at("status") == "pending");
    CHECK(client.post(path + "/replay", "").json().at("count") == 0);
    client.give_up(id);
    CHECK(shown().at("attempts_log").size() == 2);
    const auto job =
        order(client, id, "replay", since + R"(,"status":"dead_letter"})");
    CHECK(job.status == 202);
    CHECK(order(client, id, "replay", since + R"(,"dry_run":true})")
              .json()
              .at("count") == 1);
    const auto replay =
        "/api/replays/" + job.json().at("id").get<std::string>();
    const sent cancel{"DELETE", replay, "", {}};
    client.sign_up("third");
    CHECK(client.get(replay).status == 404);
    CHECK(client.send(cancel).status == 404);
    client.use_key(client.key);
    CHECK(client.get(replay).json().at("state") == "running");
    CHECK(client.send(cancel).json().at("state") == "cancelled");
    CHECK(shown().at("status") == "dead_letter");
  }
}

TEST_CASE("a removed endpoint is gone from the store", "[endpoints][store]") {
  for (const auto &store : available_stores()) {
    INFO(store);
    stored_client client(store);
    const auto id = id_in(make_endpoint(client));
    const sent removal{"DELETE", endpoints_path + '/' + id, "", {}};
    client.sign_up("other");
    CHECK(client.send(removal).status == 404);
    CHECK(patch(client, id, R"({"max_in_flight":1})").status == 404);
    client.use_key(client.key);
    CHECK(client.get(removal.target).json().at("max_in_flight") == 8);
    CHECK(client.send(removal).status == 200);
    CHECK(client.send(removal).status == 404);
    CHECK(client.get(removal.target).status == 404);
    CHECK(client.get(endpoints_path).raw.body == R"({"endpoints":[]})");
  }
}
