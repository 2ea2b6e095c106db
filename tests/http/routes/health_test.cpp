#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "http/in/routes/health.hpp"
#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;

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
  sample.depth.stuck = 3;
  sample.queue_level = actors::health_level::warning;
  sample.stuck_level = actors::health_level::warning;
  sample.accepted_last_minute = 20;
  sample.stored_last_minute = 19.5;
  sample.restarts_last_hour = 2;
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
    CHECK(body.at("stuck").at("count") == 3);
    CHECK(body.at("stuck").at("level") == "warning");
    CHECK(body.at("rates").at("accepted_per_minute") == 20);
    CHECK(body.at("rates").at("stored_per_minute") == 19.5);
    CHECK(body.at("rates").at("level") == "normal");
    CHECK(body.at("restarts_last_hour") == 2);
    CHECK(body.at("node") == "here:4000");
  }
}

TEST_CASE("the worst level is the status", "[health]") {
  using actors::health_level;
  route_client client;
  auto &sample = client.gateway.sample;
  sample.is_ready = true;
  const auto status = [&] {
    return client.get("/health/ready").json().at("status");
  };
  CHECK(status() == "ok");
  sample.rate_level = health_level::warning;
  CHECK(status() == "warning");
  sample.rate_level = health_level::normal;
  sample.stuck_level = health_level::warning;
  CHECK(status() == "warning");
  sample.queue_level = health_level::critical;
  CHECK(status() == "critical");
  sample.queue_level = health_level::normal;
  sample.ledger.is_balanced = false;
  CHECK(status() == "critical");
  sample.is_ready = false;
  CHECK(status() == "unavailable");
}

TEST_CASE("a service that is not ready says so", "[health]") {
  route_client client;
  client.gateway.sample.database_error = "password of the database";
  const auto answer = client.get("/health/ready");
  CHECK(answer.status == 503);
  CHECK(answer.header("Retry-After") == "1");
  CHECK(answer.json().at("status") == "unavailable");
  CHECK(answer.json().at("database") == "down");
  CHECK(answer.json().at("database_error") == "can't be reached");
  CHECK(answer.raw.body.find("password") == std::string::npos);
}

TEST_CASE("why a database can't be written is told in words of our own",
          "[health]") {
  struct failure {
    const char *told;
    const char *shown;
  };
  const failure all[] = {
      {"can't be written: accept: database is locked (SQLite 5)",
       "can't be written: another program holds its lock"},
      {"can't be written: heartbeat: database or disk is full (SQLite 13)",
       "can't be written: the disk is full"},
      {"can't be written: heartbeat: ERROR: cannot execute UPDATE in a "
       "read-only transaction (SQLSTATE 25006)",
       "can't be written: the database is read-only"},
      {"can't be written: accept: disk I/O error (SQLite 1034)",
       "can't be written: the disk fails"},
      {"can't be written: no change was made in time", "can't be written"},
      {"connect: FATAL: user eve of host 10.0.0.1", "can't be reached"},
  };
  route_client client;
  for (const auto &one : all) {
    client.gateway.sample.database_error = one.told;
    const auto answer = client.get("/health/ready");
    CHECK(answer.status == 503);
    CHECK(answer.json().at("database") == "down");
    CHECK(answer.json().at("database_error") == one.shown);
  }
  client.gateway.sample.database_is_up = true;
  CHECK(client.get("/health/ready").json().at("database_error").is_null());
}
