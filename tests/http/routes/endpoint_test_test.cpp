#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/endpoint_client.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;
using answer_kind = actors::webhook_answer::kind;

namespace {

actors::webhook_answer trial_answer(int status) {
  actors::webhook_answer out;
  out.what = answer_kind::answered;
  out.status = status;
  out.head = "hello";
  out.duration = 12'700us;
  return out;
}

struct trial_fixture {
  trial_fixture() {
    client.sign_up();
    id = id_in(make_endpoint(client, R"(,"event_types":["order.*"])"));
  }

  route_client client;
  std::string id;
};

} // namespace

TEST_CASE_METHOD(trial_fixture, "a test tells what the endpoint answered") {
  client.trial = trial_answer(204);
  const auto answer = order(client, id, "test");
  REQUIRE(answer.status == 200);
  REQUIRE(client.tried.size() == 1);
  const auto &sent = client.tried.front();
  CHECK(sent.url == good_url);
  CHECK(sent.type == "sluice.test");
  CHECK(sent.secrets ==
        std::vector<std::string>{
            client.gateway.webhooks.list.front().secrets.front().sealed});
  CHECK(nlohmann::json::parse(sent.payload).is_object());
  CHECK(answer.json() == nlohmann::json{{"webhook_id", sent.id},
                                        {"delivered", true},
                                        {"duration_ms", 12},
                                        {"response_status", 204},
                                        {"error", nullptr},
                                        {"response_head", "hello"}});
}

TEST_CASE_METHOD(trial_fixture, "a test that fails says why") {
  client.trial = trial_answer(500);
  auto answer = order(client, id, "test");
  REQUIRE(answer.status == 200);
  CHECK(answer.json().at("delivered") == false);
  CHECK(answer.json().at("response_status") == 500);
  CHECK(answer.json().at("error").is_string());

  client.trial = trial_answer(0);
  client.trial->what = answer_kind::refused;
  client.trial->error = "10.0.0.1 is a private address";
  answer = order(client, id, "test");
  REQUIRE(answer.status == 200);
  CHECK(answer.json().at("delivered") == false);
  CHECK(answer.json().at("response_status").is_null());
  CHECK(answer.json().at("error") == "10.0.0.1 is a private address");
}

TEST_CASE_METHOD(trial_fixture, "an endpoint is tested while it is paused") {
  client.trial = trial_answer(200);
  REQUIRE(order(client, id, "pause").status == 200);
  CHECK(order(client, id, "test").json().at("delivered") == true);
  CHECK(client.get(endpoints_path + '/' + id).json().at("state") == "paused");
}

TEST_CASE_METHOD(trial_fixture, "too many tests, and others' endpoints, are "
                                "refused before anything is sent") {
  const auto busy = order(client, id, "test");
  CHECK(busy.status == 409);
  CHECK(busy.slug() == "test-running");
  client.tried.clear();
  CHECK(order(client, id, "test", R"({"what":1})").status == 422);
  client.sign_up("another");
  CHECK(order(client, id, "test").status == 404);
  CHECK(client.tried.empty());
}
