#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "http/in/console_orders.hpp"
#include "http/in/service_routes.hpp"
#include "tests/support/fake_gateway.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

/// A service without an admin token, as a console sees it.
struct console_fixture {
  actors::admin_answer get(const std::string &path) {
    return orders({"ada", "GET", path, ""});
  }
  actors::admin_answer post(const std::string &path,
                            const std::string &body = {}) {
    return orders({"ada", "POST", path, body});
  }

  fake_gateway gateway;
  actors::admin_orders orders = http::make_console_orders(
      http::make_service(gateway, config::settings()));
};

} // namespace

TEST_CASE_METHOD(console_fixture, "a console needs no admin token",
                 "[console]") {
  CHECK(get("/admin/v1/gate").status == 200);
  CHECK(get("/admin/v1/actors").status == 200);
  CHECK(post("/admin/v1/poll").status == 202);
  CHECK(gateway.polls == 1);
}

TEST_CASE_METHOD(console_fixture, "a console's change is in its name",
                 "[console]") {
  REQUIRE(
      post("/admin/v1/mode", R"({"mode":"sync","reason":"a test"})").status ==
      200);
  REQUIRE(gateway.changes.size() == 1);
  CHECK(gateway.changes.front().actor == "ada");
  CHECK(gateway.changes.front().reason == "a test");
  REQUIRE(post("/admin/v1/pause", "{ }").status == 200);
  CHECK(gateway.changes.back().actor == "ada");
  REQUIRE(post("/admin/v1/poll").status == 202);
  REQUIRE(post("/admin/v1/ledger/verify", R"({"most":1})").status == 200);
  REQUIRE(gateway.acts.size() == 1);
  CHECK(gateway.acts.front().actor == "ada");
}

TEST_CASE_METHOD(console_fixture, "a console gives orders in no other name",
                 "[console]") {
  CHECK(post("/admin/v1/mode", R"({"mode":"sync","actor":"bob"})").status ==
        422);
  for (const std::string name : {"", "a\nb", "\x1b[31m"})
    CHECK(
        orders({name, "POST", "/admin/v1/mode", R"({"mode":"sync"})"}).status ==
        422);
  CHECK(orders({std::string(256, 'a'), "POST", "/admin/v1/poll", ""}).status ==
        422);
  CHECK(gateway.changes.empty());
  CHECK(gateway.polls == 0);
}

TEST_CASE_METHOD(console_fixture, "a console reaches operators' routes only",
                 "[console]") {
  CHECK(get("/health/ready").status == 503);
  for (const auto *path : {"/api/keys", "/metrics", "/openapi.json", "", "/",
                           "admin/v1/gate", "/admin//v1/gate", "/admin/v1/\n"})
    CHECK(get(path).status == 404);
  CHECK(post("/admin/v1/gate").status == 405);
  CHECK(orders({"ada", "", "/admin/v1/gate", ""}).status == 404);
}

TEST_CASE_METHOD(console_fixture, "a console's bodies have their limits",
                 "[console]") {
  CHECK(post("/admin/v1/mode", std::string(20'000, ' ')).status == 413);
  CHECK(post("/admin/v1/poll", std::string(20'000, ' ')).status == 413);
  CHECK(post("/admin/v1/mode", "[]").status == 422);
  CHECK(post("/admin/v1/mode", "{").status == 400);
  CHECK(post("/admin/v1/mode", "").status == 422);
}

TEST_CASE_METHOD(console_fixture, "a refusal is a problem document",
                 "[console]") {
  const auto answer = post("/admin/v1/actors/nobody/restart");
  CHECK(answer.status == 404);
  const auto body = nlohmann::json::parse(answer.body);
  CHECK(body.at("type") == "urn:sluice:problem:not-found");
  CHECK(body.at("error").get<std::string>().starts_with(
      "no part is started again by that name; these are: ingest, "));
}
