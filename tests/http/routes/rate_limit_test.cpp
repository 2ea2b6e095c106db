#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "http/in/rate_limit.hpp"
#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

struct limiter_under_test {
  std::chrono::steady_clock::time_point now;
  http::rate_limiter limiter{100, [this] { return now; }};
  db::organization_id owner = db::organization_id::generate();

  bool take(int limit, int cost = 1) {
    return limiter.take(owner, limit, cost).is_allowed;
  }
};

/// A client with the free tier's limit.
route_client free_client(int limit) {
  auto settings = route_client::default_settings();
  settings.auth.free_rate_limit = limit;
  return route_client(settings);
}

void sign_up_free(route_client &client) {
  client.use_key(
      client.post("/api/keys/generate", R"({"organization_name":"x"})")
          .json()
          .at("api_key"));
}

} // namespace

TEST_CASE("tokens run out and come back evenly", "[rate]") {
  limiter_under_test test;
  for (int i = 0; i < 60; ++i)
    REQUIRE(test.take(60));
  CHECK_FALSE(test.take(60));
  test.now += 1s;
  CHECK(test.take(60));
  CHECK_FALSE(test.take(60));
  test.now += 1h;
  CHECK(test.take(60, 60));
  CHECK_FALSE(test.take(60));
}

TEST_CASE("a refusal says when it would be allowed", "[rate]") {
  limiter_under_test test;
  CHECK(test.take(60, 60));
  const auto verdict = test.limiter.take(test.owner, 60, 10);
  CHECK_FALSE(verdict.is_allowed);
  CHECK(verdict.limit == 60);
  CHECK(verdict.remaining == 0);
  CHECK(verdict.retry_after == 10s);
  CHECK(verdict.reset == 60s);
  test.now += 10s;
  CHECK(test.take(60, 10));
}

TEST_CASE("no limit means none", "[rate]") {
  limiter_under_test test;
  for (int i = 0; i < 1000; ++i)
    REQUIRE(test.take(0, 1000));
}

TEST_CASE("organizations have buckets of their own", "[rate]") {
  limiter_under_test test;
  CHECK(test.take(1));
  CHECK_FALSE(test.take(1));
  CHECK(test.limiter.take(db::organization_id::generate(), 1, 1).is_allowed);
}

TEST_CASE("a lowered limit holds at once", "[rate]") {
  limiter_under_test test;
  CHECK(test.take(1000));
  CHECK_FALSE(test.take(10, 11));
  CHECK(test.take(10, 10));
  CHECK_FALSE(test.take(10));
}

TEST_CASE("a request over the limit is told so", "[rate]") {
  auto client = free_client(3);
  sign_up_free(client);
  for (int left = 2; left >= 0; --left) {
    const auto page = client.get("/api/inbox");
    CHECK(page.status == 200);
    CHECK(page.header("X-RateLimit-Limit") == "3");
    CHECK(page.header("X-RateLimit-Remaining") == std::to_string(left));
  }
  const auto refused = client.get("/api/inbox");
  CHECK(refused.status == 429);
  CHECK(refused.slug() == "rate-limited");
  CHECK(std::stoi(refused.header("Retry-After")) > 0);
  CHECK(refused.header("X-RateLimit-Remaining") == "0");
  CHECK_FALSE(refused.header("X-RateLimit-Reset").empty());
  CHECK(client.get("/api/keys").status == 200);
}

TEST_CASE("a batch costs its number of events", "[rate]") {
  auto client = free_client(5);
  sign_up_free(client);
  const std::string event = R"({"type":"t","payload":{}})";
  const auto three = "[" + event + "," + event + "," + event + "]";
  const auto first = client.post("/api/events/batch", three);
  CHECK(first.status == 202);
  CHECK(first.header("X-RateLimit-Remaining") == "2");
  CHECK(client.post("/api/events/batch", three).slug() == "rate-limited");
  CHECK(client.gateway.events.size() == 3);
}
