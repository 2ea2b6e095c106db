#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "http/in/routes/health.hpp"
#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;

TEST_CASE("a queue's depth has a level", "[health]") {
  using http::health_level;
  const config::health_settings limits;
  CHECK(http::queue_level(0, limits) == health_level::normal);
  CHECK(http::queue_level(100, limits) == health_level::normal);
  CHECK(http::queue_level(101, limits) == health_level::warning);
  CHECK(http::queue_level(1000, limits) == health_level::warning);
  CHECK(http::queue_level(1001, limits) == health_level::critical);
}

TEST_CASE("the process lives while it answers", "[health]") {
  const route_client client;
  CHECK(client.get("/health/live").status == 200);
}

TEST_CASE("a ready service shows its queue", "[health]") {
  route_client client;
  auto &sample = client.gateway.sample;
  sample.is_ready = true;
  sample.database_is_up = true;
  sample.depth.pending = 200;
  sample.depth.oldest_pending = std::chrono::milliseconds(1500);
  sample.node = "here:4000";
  for (const auto *target : {"/health", "/health/ready"}) {
    const auto answer = client.get(target);
    CHECK(answer.status == 200);
    const auto body = answer.json();
    CHECK(body.at("status") == "warning");
    CHECK(body.at("database") == "up");
    CHECK(body.at("queue").at("pending") == 200);
    CHECK(body.at("queue").at("level") == "warning");
    CHECK(body.at("queue").at("oldest_pending_seconds") == 1.5);
    CHECK(body.at("node") == "here:4000");
  }
}

TEST_CASE("a service that is not ready says so", "[health]") {
  route_client client;
  client.gateway.sample.database_error = "password of the database";
  const auto answer = client.get("/health/ready");
  CHECK(answer.status == 503);
  CHECK(answer.header("Retry-After") == "1");
  CHECK(answer.json().at("status") == "unavailable");
  CHECK(answer.json().at("database") == "down");
  CHECK(answer.raw.body.find("password") == std::string::npos);
}
