#include <catch2/catch.hpp>

#include <future>
#include <latch>
#include <thread>

#include "http/in/key_cache.hpp"
#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

sent with(std::vector<std::pair<std::string, std::string>> headers) {
  return {"GET", "/api/inbox", "", std::move(headers)};
}

db::principal principal_of(db::organization_id owner) {
  db::principal out;
  out.owner.id = owner;
  return out;
}

/// A cache whose clocks stand until the test moves them.
struct cache_under_test {
  std::chrono::steady_clock::time_point now;
  db::timestamp wall;
  int loads = 0;
  db::organization_id owner = db::organization_id::generate();
  http::key_cache cache{http::key_cache_options{
      100, 1000ms, 5000ms, [this] { return now; }, [this] { return wall; }}};

  http::key_cache::loader found() {
    return [this]() -> db::result<std::optional<db::principal>> {
      ++loads;
      return principal_of(owner);
    };
  }
};

const db::sha256_digest some_hash = db::sha256("key");

} // namespace

TEST_CASE("both headers carry a key", "[auth]") {
  route_client client;
  const auto key = client.sign_up();
  client.use_key("");
  CHECK(client.send(with({{"x-api-key", key}})).status == 200);
  CHECK(client.send(with({{"authorization", "Bearer " + key}})).status == 200);
  CHECK(client.send(with({{"authorization", "bEARER  " + key}})).status == 200);
}

TEST_CASE("a request without a key is told how to send one", "[auth]") {
  const route_client client;
  const auto answer = client.get("/api/inbox");
  CHECK(answer.status == 401);
  CHECK(answer.slug() == "missing-credentials");
  CHECK(answer.header("WWW-Authenticate") == "Bearer realm=\"sluice\"");
}

TEST_CASE("several keys are refused", "[auth]") {
  route_client client;
  const auto key = client.sign_up();
  client.use_key("");
  const auto bearer = "Bearer " + key;
  for (const auto &request :
       {with({{"x-api-key", key}, {"x-api-key", key}}),
        with({{"x-api-key", key}, {"authorization", bearer}}),
        with({{"authorization", bearer}, {"authorization", bearer}})}) {
    const auto answer = client.send(request);
    CHECK(answer.status == 400);
    CHECK(answer.slug() == "ambiguous-credentials");
  }
}

TEST_CASE("keys in vain get one and the same answer", "[auth]") {
  route_client client;
  client.sign_up();
  client.use_key("");
  const auto unknown =
      client.send(with({{"x-api-key", "slk_" + std::string(43, 'a')}}));
  CHECK(unknown.status == 401);
  CHECK(unknown.slug() == "invalid-credentials");
  for (const auto &key :
       {std::string("a\0b", 3), std::string("%0d%0a"), std::string(10'240, 'k'),
        std::string(), std::string("slk_")}) {
    const auto answer = client.send(with({{"x-api-key", key}}));
    CHECK(answer.raw.body == unknown.raw.body);
  }
  const auto basic = client.send(with({{"authorization", "Basic YTpi"}}));
  CHECK(basic.raw.body == unknown.raw.body);
}

TEST_CASE("without the store a key can't be judged", "[auth]") {
  route_client client;
  client.gateway.outage = db::error{db::errc::unavailable, "secret text", ""};
  client.use_key("slk_x");
  const auto answer = client.get("/api/inbox");
  CHECK(answer.status == 503);
  CHECK(answer.slug() == "storage-unavailable");
  CHECK(answer.header("Retry-After") == "1");
  CHECK(answer.raw.body.find("secret text") == std::string::npos);
}

TEST_CASE("a key is looked up once while it is trusted", "[auth]") {
  route_client client;
  const auto key = client.sign_up();
  for (int i = 0; i < 20; ++i)
    REQUIRE(client.get("/api/keys").status == 200);
  CHECK(client.gateway.key_lookups <= 2);
  client.use_key("unknown");
  const int before = client.gateway.key_lookups;
  for (int i = 0; i < 20; ++i)
    REQUIRE(client.get("/api/keys").status == 401);
  CHECK(client.gateway.key_lookups <= before + 2);
}

TEST_CASE("trust in a key ends", "[auth]") {
  cache_under_test test;
  CHECK(test.cache.get(some_hash, test.found()));
  CHECK(test.cache.get(some_hash, test.found()));
  CHECK(test.loads == 1);
  test.now += 1000ms;
  CHECK(test.cache.get(some_hash, test.found()));
  CHECK(test.loads == 2);
}

TEST_CASE("an ageing key is looked up again and outlives an outage", "[auth]") {
  cache_under_test test;
  CHECK(test.cache.get(some_hash, test.found()));
  test.now += 600ms;
  const auto kept = test.cache.get(
      some_hash, [] { return db::fail(db::errc::unavailable, "away"); });
  REQUIRE(kept);
  CHECK((*kept)->owner.id == test.owner);
  test.now += 600ms;
  CHECK_FALSE(test.cache.get(
      some_hash, [] { return db::fail(db::errc::unavailable, "away"); }));
}

TEST_CASE("an ageing key that is gone is refused", "[auth]") {
  cache_under_test test;
  CHECK(test.cache.get(some_hash, test.found()));
  test.now += 600ms;
  const auto gone =
      test.cache.get(some_hash, [] { return std::optional<db::principal>(); });
  REQUIRE(gone);
  CHECK(*gone == nullptr);
}

TEST_CASE("a key's own end counts before the trust's", "[auth]") {
  cache_under_test test;
  auto ending = [&test]() -> db::result<std::optional<db::principal>> {
    ++test.loads;
    auto who = principal_of(test.owner);
    who.expires_at = test.wall + 100ms;
    return who;
  };
  CHECK(test.cache.get(some_hash, ending));
  test.wall += 100ms;
  const auto gone =
      test.cache.get(some_hash, [] { return std::optional<db::principal>(); });
  REQUIRE(gone);
  CHECK(*gone == nullptr);
}

TEST_CASE("a look-up under way is not trusted after a rotation", "[auth]") {
  cache_under_test test;
  auto slow = [&test]() -> db::result<std::optional<db::principal>> {
    ++test.loads;
    test.cache.forget(test.owner);
    return principal_of(test.owner);
  };
  CHECK(test.cache.get(some_hash, slow));
  CHECK(test.cache.get(some_hash, test.found()));
  CHECK(test.loads == 2);
}

TEST_CASE("the cache holds no more than it may", "[auth]") {
  cache_under_test test;
  for (int i = 0; i < 1000; ++i)
    (void)test.cache.get(db::sha256(std::to_string(i)), test.found());
  test.loads = 0;
  for (int i = 0; i < 1000; ++i)
    (void)test.cache.get(db::sha256(std::to_string(i)), test.found());
  // 16 shards of 7 entries at the most.
  CHECK(test.loads >= 1000 - 112);
}

TEST_CASE("threads that miss one key share one look-up", "[auth]") {
  http::key_cache cache{http::key_cache_options{}};
  std::atomic<int> loads = 0;
  constexpr int threads = 8;
  std::latch all_here(threads);
  std::promise<void> open;
  auto opened = open.get_future().share();
  std::vector<std::future<bool>> answers;
  answers.reserve(threads);
  for (int i = 0; i < threads; ++i)
    answers.push_back(std::async(std::launch::async, [&] {
      all_here.arrive_and_wait();
      const auto who = cache.get(some_hash, [&] {
        ++loads;
        opened.wait();
        return db::result<std::optional<db::principal>>(db::principal{});
      });
      return who && *who != nullptr;
    }));
  all_here.wait();
  open.set_value();
  for (auto &answer : answers)
    CHECK(answer.get());
  CHECK(loads == 1);
}
