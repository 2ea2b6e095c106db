#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

struct settings_fixture {
  received ask(const std::string &method, const std::string &body = {}) {
    return client.send(
        {method,
         "/admin/v1/settings",
         body,
         {{"authorization", std::string("Bearer ") + admin_token},
          {"content-type", "application/json"}}});
  }

  /// Of a setting, as it is shown.
  nlohmann::json shown(const std::string &key) {
    const auto all = ask("GET").json();
    for (const auto &one : all.at("settings"))
      if (one.at("key") == key)
        return one;
    return nullptr;
  }

  route_client client;
};

} // namespace

TEST_CASE_METHOD(settings_fixture, "settings are shown, secrets are not",
                 "[settings]") {
  CHECK(shown("processor.batch_size").at("value") == "500");
  CHECK(shown("processor.batch_size").at("change") == "hot");
  CHECK(shown("http.listen").at("change") == "restart");
  CHECK(shown("auth.admin_token").at("value") == "***");
  CHECK(ask("GET").raw.body.find(admin_token) == std::string::npos);
}

TEST_CASE_METHOD(settings_fixture, "a setting holds from its change on",
                 "[settings]") {
  REQUIRE(ask("POST", R"({"set":["processor.batch_size=7"]})").status == 200);
  CHECK(shown("processor.batch_size").at("value") == "7");
  CHECK(client.gateway.settings()->processor.batch_size == 7);
}

TEST_CASE_METHOD(settings_fixture, "of a change with a fault nothing is done",
                 "[settings]") {
  const auto answer = ask(
      "POST", R"({"set":["processor.batch_size=7","http.max_payload=1KiB"]})");
  CHECK(answer.status == 422);
  CHECK(answer.raw.body.find("takes effect at a start only") !=
        std::string::npos);
  CHECK(client.gateway.settings()->processor.batch_size == 500);
  CHECK(ask("POST", "{}").status == 422);
  CHECK(ask("POST", R"({"set":[]})").status == 422);
}

TEST_CASE_METHOD(settings_fixture, "another admin token holds at once",
                 "[settings]") {
  REQUIRE(ask("POST",
              R"({"set":["auth.admin_token=)" + std::string(40, 'n') + R"("]})")
              .status == 200);
  CHECK(ask("GET").status == 401);
}

TEST_CASE_METHOD(settings_fixture, "the parts of the service are shown",
                 "[settings]") {
  client.gateway.part_list = {{.name = "poller", .is_running = true},
                              {.name = "worker 1",
                               .is_running = false,
                               .restarts = 2,
                               .last_error = "it \"hung\""}};
  const auto answer =
      client.send({"GET",
                   "/admin/v1/actors",
                   "",
                   {{"authorization", std::string("Bearer ") + admin_token}}});
  REQUIRE(answer.status == 200);
  const auto list = answer.json().at("actors");
  CHECK(list.at(0).at("state") == "running");
  CHECK(list.at(0).at("last_error") == nullptr);
  CHECK(list.at(1).at("restarts") == 2);
  CHECK(list.at(1).at("last_error") == "it \"hung\"");
}
