#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/endpoint_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

const std::string since = R"({"since":"2020-01-01T00:00:00Z"})";

/// Everything that can be asked of an endpoint by its id.
std::vector<sent> questions(const std::string &id) {
  const std::string path = endpoints_path + '/' + id;
  std::vector<sent> out = {{"GET", path, "", {}}, {"DELETE", path, "", {}}};
  for (const auto &[method, what, body] :
       {std::tuple("PATCH", "", R"({"url":"https://evil.example.com/"})"),
        std::tuple("POST", "/pause", R"({"reason":"theirs"})"),
        std::tuple("POST", "/resume", "{}"),
        std::tuple("POST", "/rotate-secret", "{}"),
        std::tuple("POST", "/replay", since.c_str())})
    out.push_back(
        {method, path + what, body, {{"content-type", "application/json"}}});
  return out;
}

} // namespace

TEST_CASE("another organization's endpoint is like none, and stays as it is",
          "[endpoints][tenants]") {
  route_client client;
  const auto owner = client.sign_up("one");
  const auto id = id_in(make_endpoint(client));
  order(client, id, "pause");
  const auto before = client.get(endpoints_path).raw.body;
  const auto secrets = client.gateway.webhooks.list.front().secrets;
  client.sign_up("two");
  const auto foreign = questions(id);
  const auto unknown = questions(db::endpoint_id::generate().to_string());
  const auto malformed = questions("x");
  for (std::size_t i = 0; i < foreign.size(); ++i) {
    INFO(foreign[i].method << ' ' << foreign[i].target);
    const auto answer = client.send(foreign[i]);
    CHECK(answer.status == 404);
    CHECK(answer.slug() == "not-found");
    CHECK(client.send(unknown[i]).raw.body == answer.raw.body);
    CHECK(client.send(malformed[i]).raw.body == answer.raw.body);
  }
  CHECK(client.get(endpoints_path).raw.body == R"({"endpoints":[]})");
  CHECK(client.gateway.webhooks.replays.empty());
  CHECK(client.gateway.webhooks.list.front().secrets == secrets);
  client.use_key(owner);
  CHECK(client.get(endpoints_path).raw.body == before);
}

TEST_CASE("ids of endpoints are taken in no other spelling",
          "[endpoints][tenants]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  for (const auto &text : {'{' + id + '}', id + "0", id.substr(1),
                           std::string(8000, 'a'), std::string("%00")})
    CHECK(client.get(endpoints_path + '/' + text).status == 404);
}

TEST_CASE("events and endpoints of two organizations don't mix in a replay",
          "[endpoints][tenants]") {
  route_client client;
  const auto post = [&client] {
    return id_in(client.post("/api/events", R"({"type":"a","payload":{}})"));
  };
  const auto replay = [&client](const std::string &event,
                                const std::string &endpoint) {
    return client.post("/api/events/" + event + "/replay",
                       R"({"endpoint_id":")" + endpoint + "\"}");
  };
  client.sign_up("one");
  const auto their_event = post();
  const auto their_endpoint = id_in(make_endpoint(client));
  client.sign_up("two");
  const auto own_event = post();
  const auto own_endpoint = id_in(make_endpoint(client));
  CHECK(replay(their_event, own_endpoint).status == 404);
  CHECK(replay(own_event, their_endpoint).status == 404);
  CHECK(replay(their_event, their_endpoint).status == 404);
  CHECK(client.gateway.webhooks.replays.empty());
  CHECK(replay(own_event, own_endpoint).status == 200);
}

TEST_CASE("each organization has a default endpoint of its own",
          "[endpoints][tenants]") {
  route_client client;
  const auto set = [&client] {
    return client.post("/api/webhook/config",
                       R"({"webhook_url":")" + good_url + "\"}");
  };
  client.sign_up("one");
  const auto one = set();
  client.sign_up("two");
  const auto two = set();
  CHECK(one.json().at("endpoint_id") != two.json().at("endpoint_id"));
  CHECK(one.json().at("secret") != two.json().at("secret"));
}

TEST_CASE("without a key nothing is told about endpoints",
          "[endpoints][tenants]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  client.use_key("");
  for (const auto &what : questions(id)) {
    INFO(what.method << ' ' << what.target);
    CHECK(client.send(what).slug() == "missing-credentials");
  }
  CHECK(client.post("/api/webhook/config", "{}").status == 401);
  CHECK(client.get(endpoints_path).status == 401);
  CHECK(make_endpoint(client).status == 401);
}
