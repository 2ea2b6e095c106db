#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;
using nlohmann::json;

namespace {

std::string post_event(const route_client &client) {
  return client.post("/api/events", R"({"type":"t","payload":{}})")
      .json()
      .at("id");
}

received ack(const route_client &client, const std::string &id) {
  return client.send({"POST", "/api/ack/" + id, "", {}});
}

} // namespace

TEST_CASE("an acknowledged event is delivered, and again", "[ack]") {
  route_client client;
  client.sign_up();
  const auto id = post_event(client);
  for (int i = 0; i < 2; ++i) {
    const auto answer = ack(client, id);
    CHECK(answer.status == 200);
    CHECK(answer.json() == json{{"id", id}, {"status", "delivered"}});
  }
  CHECK(client.get("/api/inbox?status=pending").json().at("events").empty());
  CHECK(client.get("/api/inbox?status=delivered").json().at("events").size() ==
        1);
}

TEST_CASE("ids that are not one's own look unknown", "[ack]") {
  route_client client;
  client.sign_up("one");
  const auto id = post_event(client);
  client.sign_up("two");
  const auto foreign = ack(client, id);
  CHECK(foreign.status == 404);
  CHECK(foreign.slug() == "not-found");
  CHECK(ack(client, db::event_id::generate().to_string()).raw.body ==
        foreign.raw.body);
  CHECK(ack(client, std::string(8000, 'x')).raw.body == foreign.raw.body);
  CHECK(client.gateway.events[0].status == db::delivery_status::pending);
}

TEST_CASE("an acknowledgement has no fields", "[ack]") {
  route_client client;
  client.sign_up();
  const auto target = "/api/ack/" + post_event(client);
  CHECK(client.post(target, R"({"a":1})").slug() == "unknown-member");
  CHECK(client.post(target, "{").slug() == "invalid-json");
  CHECK(client.post(target, "{}").status == 200);
}

TEST_CASE("a batch of acknowledgements has a result for each", "[ack]") {
  route_client client;
  client.sign_up("one");
  const auto foreign = post_event(client);
  client.sign_up("two");
  const auto own = post_event(client);
  const json ids = {own, foreign, own, "no id", ""};
  const auto answer = client.post("/api/ack", json{{"ids", ids}}.dump());
  CHECK(answer.status == 200);
  std::vector<std::string> statuses;
  json echoed = json::array();
  const auto body = answer.json();
  for (const auto &one : body.at("results")) {
    statuses.push_back(one.at("status"));
    echoed.push_back(one.at("id"));
  }
  CHECK(echoed == ids);
  CHECK(statuses == std::vector<std::string>{"delivered", "not_found",
                                             "delivered", "not_found",
                                             "not_found"});
}

TEST_CASE("a batch of acknowledgements is 1 to 100 strings", "[ack]") {
  route_client client;
  client.sign_up();
  auto ids = [](std::size_t count) {
    return json{{"ids", std::vector<std::string>(count, "x")}}.dump();
  };
  CHECK(client.post("/api/ack", ids(100)).status == 200);
  for (const auto &body :
       {ids(0), ids(101), std::string("{}"), std::string(R"({"ids":"x"})"),
        std::string(R"({"ids":["x",1]})"), std::string(R"({"ids":null})"),
        std::string("[]")}) {
    INFO(body);
    CHECK(client.post("/api/ack", body).slug() == "validation");
  }
}
