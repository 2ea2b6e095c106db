#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "http/in/routes/endpoint_fields.hpp"
#include "tests/http/routes/endpoint_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

std::string body_for(const std::string &url) {
  return R"({"url":")" + url + "\"}";
}

/// `"member":` and a value that it can't have.
std::vector<std::string> bad_members() {
  const std::string many(101, 'x');
  std::string types;
  std::string headers;
  for (int i = 0; i < 101; ++i) {
    types += std::string(i > 0 ? "," : "") + "\"t\"";
    headers +=
        std::string(i > 0 ? "," : "") + "\"x-" + std::to_string(i) + R"(":"v")";
  }
  return {R"("description":7)",
          R"("description":"a\nb")",
          R"("description":")" + std::string(1001, 'd') + '"',
          R"("event_types":"a")",
          R"("event_types":[])",
          R"("event_types":[7])",
          R"("event_types":[""])",
          R"("event_types":["*"])",
          R"("event_types":[".*.*x"])",
          R"("event_types":["a.*.b"])",
          R"("event_types":["a*"])",
          R"("event_types":["a b"])",
          R"("event_types":["é"])",
          R"("event_types":["a","b\u0001"])",
          R"("event_types":[")" + std::string(256, 't') + "\"]",
          R"("event_types":[)" + types + ']',
          R"("headers":[])",
          R"("headers":"a: b")",
          R"("headers":{"x-a":7})",
          R"("headers":{"x-a":null})",
          R"("headers":{"x-a":{"b":"c"}})",
          R"("headers":{"x a":"b"})",
          R"("headers":{"":"b"})",
          R"("headers":{"x-a":"b\r\nx-c: d"})",
          R"("headers":{"x-a":"é"})",
          R"("headers":{"x-a":""})",
          R"("headers":{"x-a":"b","X-A":"c"})",
          R"("headers":{"Host":"b"})",
          R"("headers":{"webhook-id":"b"})",
          R"("headers":{"content-length":"1"})",
          R"("headers":{"x-a":")" + std::string(4096, 'v') + "\"}",
          R"("headers":{)" + headers + '}',
          R"("max_in_flight":0)",
          R"("max_in_flight":101)",
          R"("max_in_flight":1.5)",
          R"("max_in_flight":null)",
          R"("max_in_flight":"8")",
          R"("rate_per_second":-1)",
          R"("rate_per_second":100001)",
          R"("rate_per_second":1e2)",
          R"("mode":"Pull")",
          R"("mode":"")",
          R"("mode":null)",
          R"("mode":true)",
          R"("url":7)",
          R"("url":null)"};
}

} // namespace

TEST_CASE("members that an endpoint can't have are named", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  const auto before = client.get(endpoints_path).raw.body;
  for (const auto &member : bad_members()) {
    INFO(member);
    const auto changed = patch(client, id, '{' + member + '}');
    CHECK(changed.status == 422);
    CHECK(changed.slug() == "validation");
    const auto name = member.substr(1, member.find('"', 1) - 1);
    CHECK(changed.json().at("errors").at(0).at("pointer") == '/' + name);
    if (name != "url")
      CHECK(make_endpoint(client, ',' + member).slug() == "validation");
  }
  CHECK(client.get(endpoints_path).raw.body == before);
}

TEST_CASE("all that is wrong with an endpoint is said at once", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto answer = client.post(
      endpoints_path,
      R"({"max_in_flight":0,"headers":[],"event_types":[],"description":1})");
  CHECK(answer.json().at("errors").size() == 5);
}

TEST_CASE("a header's value is not repeated when it is refused",
          "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto answer =
      make_endpoint(client, R"(,"headers":{"x-a":"hunter2\u0001"})");
  CHECK(answer.status == 422);
  CHECK(answer.raw.body.find("hunter2") == std::string::npos);
}

TEST_CASE("members that nobody knows are refused", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  for (const auto *member :
       {R"("secret":"whsec_x")", R"("id":"x")", R"("state":"active")",
        R"("is_default":true)", R"("URL":"x")", R"("version":1)"}) {
    INFO(member);
    CHECK(make_endpoint(client, std::string(",") + member).slug() ==
          "unknown-member");
    CHECK(patch(client, id, std::string("{") + member + '}').slug() ==
          "unknown-member");
  }
  for (const auto *what : {"pause", "resume", "rotate-secret"})
    CHECK(order(client, id, what, R"({"x":1})").slug() == "unknown-member");
  CHECK(order(client, id, "replay", R"({"since":"1970-01-01T00:00:00Z","x":1})")
            .slug() == "unknown-member");
  CHECK(client
            .post("/api/webhook/config",
                  R"({"webhook_url":")" + good_url + R"(","url":"x"})")
            .slug() == "unknown-member");
}

TEST_CASE("a body that is no object of JSON makes no endpoint", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  struct row {
    std::string body;
    int status;
    std::string slug;
  };
  for (const auto &[body, status, slug] : std::vector<row>{
           {"", 400, "invalid-json"},
           {"{", 400, "invalid-json"},
           {"{} x", 400, "invalid-json"},
           {R"({"url":"\ud800"})", 400, "invalid-json"},
           {"{\"url\":\"\xC3\x28\"}", 400, "invalid-encoding"},
           {R"({"url":"a\u0000b"})", 422, "unsupported-character"},
           {R"({"url":"a","url":"b"})", 422, "duplicate-member"},
           {R"({"headers":{"a":"1","a":"2"}})", 422, "duplicate-member"},
           {"[]", 422, "validation"},
           {"null", 422, "validation"}}) {
    INFO(body);
    for (const auto &answer :
         {client.post(endpoints_path, body), patch(client, id, body),
          client.post("/api/webhook/config", body),
          order(client, id, "replay", body)}) {
      CHECK(answer.status == status);
      CHECK(answer.slug() == slug);
    }
  }
  const auto typed = client.send(
      {"POST", endpoints_path, body_for(good_url), {{"content-type", "x/y"}}});
  CHECK(typed.slug() == "unsupported-media-type");
  CHECK(client.gateway.webhooks.list.size() == 1);
}

TEST_CASE("URLs that lead inside are blocked with one text", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  std::string text;
  for (const std::string url :
       {"https://127.0.0.1/", "https://10.1.2.3/", "https://192.168.0.1/",
        "https://169.254.169.254/latest/meta-data", "https://[::1]/",
        "https://[::ffff:127.0.0.1]/", "https://[fd00::1]/", "https://0.0.0.0/",
        "https://localhost/", "https://a.localhost/",
        "https://metadata.google.internal/"}) {
    INFO(url);
    for (const auto &answer :
         {client.post(endpoints_path, body_for(url)),
          patch(client, id, body_for(url)),
          client.post("/api/webhook/config",
                      R"({"webhook_url":")" + url + "\"}")}) {
      CHECK(answer.status == 422);
      CHECK(answer.slug() == "blocked-webhook-target");
      const auto told =
          answer.json().at("errors").at(0).at("detail").get<std::string>();
      text = text.empty() ? told : text;
      CHECK(told == text);
    }
  }
  CHECK(client.gateway.webhooks.list.size() == 1);
  CHECK(client.gateway.webhooks.list.front().url == good_url);
}

TEST_CASE("what is no URL for webhooks is said to be none", "[endpoints]") {
  route_client client;
  client.sign_up();
  for (const std::string url :
       {"", "x", "ftp://example.com/", "https://", "https://user:pw@a.example/",
        "https://a.example/#f", R"(https://a.example/\r\nx)",
        "https://ä.example/", "https://0x7f000001/", "https://2130706433/",
        "https://0177.0.0.1/", "https://a.example:0/", "javascript:alert(1)"}) {
    INFO(url);
    const auto answer = client.post(endpoints_path, body_for(url));
    CHECK(answer.status == 422);
    CHECK(answer.slug() == "invalid-webhook-url");
    CHECK(answer.json().at("errors").at(0).at("pointer") == "/url");
    CHECK(answer.raw.body.find("user:pw") == std::string::npos);
  }
  const auto longest = "https://a.example/" + std::string(2048, 'a');
  CHECK(client.post(endpoints_path, body_for(longest)).slug() ==
        "invalid-webhook-url");
  CHECK(client.gateway.webhooks.list.empty());
}

TEST_CASE("settings allow networks, and plain HTTP", "[endpoints]") {
  auto settings = route_client::default_settings();
  settings.delivery.allow_networks = {"127.0.0.0/8"};
  route_client client(settings);
  client.sign_up();
  CHECK(client.post(endpoints_path, body_for("http://127.0.0.1:8080/in"))
            .status == 201);
  CHECK(client.post(endpoints_path, body_for("https://10.1.2.3/")).slug() ==
        "blocked-webhook-target");
  CHECK(client.post(endpoints_path, body_for("http://a.example.com/")).status ==
        422);
  // They hold as soon as they are changed.
  settings.delivery.allow_networks.clear();
  settings.delivery.allow_http = true;
  client.gateway.apply(settings);
  CHECK(client.post(endpoints_path, body_for("http://127.0.0.1:8080/in"))
            .status == 422);
  CHECK(client.post(endpoints_path, body_for("http://a.example.com/")).status ==
        201);
}

TEST_CASE("patterns of types have their star at the end", "[endpoints]") {
  for (const std::string good :
       {"a", "a.b", "a.*", "a.b.*", "A_1:/-.*", ".", "..*"}) {
    INFO(good);
    CHECK(http::is_type_pattern(good));
  }
  CHECK(http::is_type_pattern(std::string(255, 'a')));
  CHECK(http::is_type_pattern(std::string(253, 'a') + ".*"));
  for (const std::string bad :
       {"", "*", ".*", "a*", "a.**", "*.a", "a.*.*", "a.* ", "a b.*"}) {
    INFO(bad);
    CHECK_FALSE(http::is_type_pattern(bad));
  }
  CHECK_FALSE(http::is_type_pattern(std::string(254, 'a') + ".*"));
}

TEST_CASE("orders about endpoints are checked", "[endpoints]") {
  route_client client;
  client.sign_up();
  const auto id = id_in(make_endpoint(client));
  for (const auto &body :
       {std::string(R"({"reason":""})"), std::string(R"({"reason":7})"),
        std::string(R"({"reason":null})"), std::string(R"({"reason":"a\nb"})"),
        R"({"reason":")" + std::string(1001, 'r') + "\"}"})
    CHECK(order(client, id, "pause", body).slug() == "validation");
  for (const auto *grace :
       {"-1", "604801", "1.0", "1e2", "\"1\"", "null", "true"})
    CHECK(order(client, id, "rotate-secret",
                std::string(R"({"grace_seconds":)") + grace + '}')
              .slug() == "validation");
  CHECK(client.gateway.webhooks.list.front().secrets.size() == 1);
  CHECK(order(client, id, "rotate-secret", R"({"grace_seconds":604800})")
            .status == 200);
}
