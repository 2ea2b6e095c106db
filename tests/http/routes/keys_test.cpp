#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "http/in/secrets.hpp"
#include "http/in/signup.hpp"
#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

constexpr auto generate = "/api/keys/generate";

config::settings with_signup(config::open_signup policy,
                             const std::string &listen = "127.0.0.1:4000") {
  auto out = route_client::default_settings();
  out.auth.signup = policy;
  out.http.listen = listen;
  return out;
}

sent as_admin(const std::string &body, const std::string &token = admin_token) {
  return {"POST",
          generate,
          body,
          {{"content-type", "application/json"},
           {"authorization", "Bearer " + token}}};
}

} // namespace

TEST_CASE("a new organization gets a key that works", "[keys]") {
  route_client client;
  const auto made = client.post(generate, R"({"organization_name":"Acmé"})");
  CHECK(made.status == 201);
  CHECK(made.header("Cache-Control") == "no-store");
  const auto body = made.json();
  CHECK(body.at("organization_name") == "Acmé");
  CHECK(body.at("tier") == "free");
  CHECK(body.at("rate_limit_per_minute") == 100);
  const auto key = body.at("api_key").get<std::string>();
  CHECK(key.size() == 47);
  CHECK(key.starts_with("slk_"));
  client.use_key(key);
  const auto shown = client.get("/api/keys");
  CHECK(shown.status == 200);
  CHECK(shown.json().at("organization_id") == body.at("organization_id"));
  CHECK(shown.json().at("keys").at(0).at("prefix") == key.substr(0, 12));
  CHECK(shown.raw.body.find(key) == std::string::npos);
}

TEST_CASE("sign-up gives what it is open for", "[keys]") {
  using config::open_signup;
  struct row {
    open_signup policy;
    std::string listen;
    std::string tier;
    std::string answer;
  };
  const std::string open = "127.0.0.1:4000";
  const std::string wide = "0.0.0.0:4000";
  for (const auto &[policy, listen, tier, answer] : std::vector<row>{
           {open_signup::automatic, open, "free", "201"},
           {open_signup::automatic, open, "pro", "403 tier-not-allowed"},
           {open_signup::automatic, "[::1]:4000", "free", "201"},
           {open_signup::automatic, wide, "free", "401 missing-credentials"},
           {open_signup::off, open, "free", "401 missing-credentials"},
           {open_signup::free, wide, "free", "201"},
           {open_signup::free, wide, "enterprise", "403 tier-not-allowed"},
           {open_signup::any, wide, "enterprise", "201"}}) {
    const route_client client(with_signup(policy, listen));
    const auto made = client.post(
        generate, R"({"organization_name":"x","tier":")" + tier + "\"}");
    const auto slug = made.slug();
    CHECK(std::to_string(made.status) + (slug.empty() ? "" : " " + slug) ==
          answer);
  }
}

TEST_CASE("the admin token gives every tier and any limit", "[keys]") {
  const route_client client(with_signup(config::open_signup::off));
  const auto made = client.send(as_admin(
      R"({"organization_name":"x","tier":"business","rate_limit_per_minute":0})"));
  CHECK(made.status == 201);
  CHECK(made.json().at("rate_limit_per_minute") == 0);
  const auto tier =
      client.send(as_admin(R"({"organization_name":"x","tier":"enterprise"})"));
  CHECK(tier.json().at("rate_limit_per_minute") == 100'000);
}

TEST_CASE("a wrong admin token gives nothing, also where sign-up is open",
          "[keys]") {
  const std::string body = R"({"organization_name":"x"})";
  const route_client client;
  for (const auto *token : {"wrong", "the-admin-token2", ""}) {
    const auto made = client.send(as_admin(body, token));
    CHECK(made.status == 401);
    CHECK(made.slug() == "invalid-credentials");
    CHECK_FALSE(made.header("WWW-Authenticate").empty());
  }
  auto none = route_client::default_settings();
  none.auth.admin_token.clear();
  CHECK(route_client(none).send(as_admin(body, "")).status == 401);
}

TEST_CASE("a limit of one's own wish is for the admin token", "[keys]") {
  const route_client client;
  const auto made = client.post(
      generate, R"({"organization_name":"x","rate_limit_per_minute":0})");
  CHECK(made.status == 403);
  CHECK(client.gateway.organizations.empty());
}

TEST_CASE("fields of a new organization are checked", "[keys]") {
  const route_client client;
  for (const auto &body :
       {std::string(R"({})"), std::string(R"({"organization_name":""})"),
        std::string(R"({"organization_name":"  "})"),
        std::string(R"({"organization_name":"a\nb"})"),
        std::string(R"({"organization_name":"a\u0085b"})"),
        std::string(R"({"organization_name":7})"), std::string("[]"),
        std::string(R"({"organization_name":"x","tier":"gold"})"),
        std::string(R"({"organization_name":"x","tier":null})"),
        R"({"organization_name":")" + std::string(256, 'x') + "\"}"}) {
    INFO(body);
    const auto made = client.post(generate, body);
    CHECK(made.status == 422);
    CHECK(made.slug() == "validation");
  }
  CHECK(client.post(generate, R"({"organization_name":"x","a":1})").slug() ==
        "unknown-member");
  CHECK(client.post(generate, "").slug() == "invalid-json");
  CHECK(client.gateway.organizations.empty());
}

TEST_CASE("a rotated key is refused at once", "[keys]") {
  route_client client;
  const auto old = client.sign_up();
  CHECK(client.get("/api/keys").status == 200);
  const auto rotated = client.send({"POST", "/api/keys/rotate", "", {}});
  REQUIRE(rotated.status == 200);
  CHECK(client.get("/api/keys").slug() == "invalid-credentials");
  client.use_key(rotated.json().at("api_key").get<std::string>());
  const auto shown = client.get("/api/keys");
  CHECK(shown.status == 200);
  CHECK(shown.json().at("keys").size() == 1);
}

TEST_CASE("a rotated key works through its grace", "[keys]") {
  route_client client;
  client.sign_up();
  REQUIRE(client.post("/api/keys/rotate", R"({"grace_seconds":60})").status ==
          200);
  CHECK(client.get("/api/keys").json().at("keys").size() == 2);
}

TEST_CASE("the grace of a rotation is checked", "[keys]") {
  route_client client;
  client.sign_up();
  for (const auto *grace : {"-1", "604801", "1.0", "1e2", "\"1\"", "null"}) {
    const auto answer = client.post(
        "/api/keys/rotate", std::string(R"({"grace_seconds":)") + grace + '}');
    CHECK(answer.slug() == "validation");
  }
  CHECK(client.post("/api/keys/rotate", R"({"grace_seconds":604800})").status ==
        200);
}

TEST_CASE("only addresses of this machine are loopback", "[keys]") {
  for (const auto *listen :
       {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1"})
    CHECK(http::is_loopback(listen));
  for (const auto *listen : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", ":1",
                             "127.example.com:1", "localhost.x:1"})
    CHECK_FALSE(http::is_loopback(listen));
}

TEST_CASE("base64url is read back only as it is written", "[keys]") {
  for (std::size_t size = 0; size < 40; ++size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      bytes[i] = static_cast<char>(i * 37 + size);
    CHECK(http::from_base64url(http::to_base64url(bytes)) == bytes);
  }
  CHECK(http::to_base64url("\xFB\xFF\xFE") == "-__-");
  for (const auto *text : {"A", "AB", "AAA=", "A+AA", "AA A", "AAAAA"})
    CHECK(http::from_base64url(text) == std::nullopt);
}
