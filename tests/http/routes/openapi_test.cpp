#include "http/in/openapi.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;
using nlohmann::json;

namespace {

json document() {
  return route_client().get("/openapi.json").json();
}

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

const json &resolve(const json &whole, const json &schema) {
  if (!schema.contains("$ref"))
    return schema;
  const auto name = schema.at("$ref").get<std::string>();
  REQUIRE(name.starts_with("#/"));
  return whole.at(json::json_pointer(name.substr(1)));
}

template <class Visit>
void each_object(const json &value, const Visit &visit) {
  if (value.is_object())
    visit(value);
  if (value.is_structured())
    for (const auto &one : value)
      each_object(one, visit);
}

template <class Visit>
void each_operation(const json &whole, const Visit &visit) {
  for (const auto &[path, methods] : whole.at("paths").items())
    for (const auto &[method, operation] : methods.items())
      visit(path, method, operation);
}

bool has_type(const json &value, const std::string &type) {
  if (type == "integer")
    return value.is_number_integer();
  if (type == "number")
    return value.is_number();
  return value.type_name() == type;
}

bool fits_type(const json &value, const json &types) {
  if (types.is_string())
    return has_type(value, types.get<std::string>());
  return std::any_of(types.begin(), types.end(), [&](const json &one) {
    return has_type(value, one.get<std::string>());
  });
}

/// The members that a schema describes, those of its parts among them.
std::set<std::string> members_of(const json &whole, const json &reference) {
  const auto &schema = resolve(whole, reference);
  std::set<std::string> out;
  for (const auto *parts : {"allOf", "oneOf"})
    for (const auto &part : schema.value(parts, json::array()))
      out.merge(members_of(whole, part));
  const json properties = schema.value("properties", json::object());
  for (const auto &[name, value] : properties.items())
    out.insert(name);
  return out;
}

bool has_required(const json &value, const json &schema) {
  const auto names = schema.value("required", json::array());
  return std::all_of(names.begin(), names.end(), [&](const json &name) {
    return value.contains(name.template get<std::string>());
  });
}

/// What of JSON Schema the document uses.
void check_against(const json &whole, const json &reference, const json &value,
                   const std::string &where) {
  INFO(where << ": " << value.dump());
  const auto &schema = resolve(whole, reference);
  for (const auto &part : schema.value("allOf", json::array()))
    check_against(whole, part, value, where);
  if (schema.contains("oneOf")) {
    int fitting = 0;
    for (const auto &part : schema.at("oneOf"))
      if (has_required(value, resolve(whole, part))) {
        ++fitting;
        check_against(whole, part, value, where);
      }
    CHECK(fitting == 1);
  }
  if (schema.contains("const"))
    CHECK(value == schema.at("const"));
  if (schema.contains("type"))
    CHECK(fits_type(value, schema.at("type")));
  if (schema.contains("enum"))
    CHECK(std::count(schema.at("enum").begin(), schema.at("enum").end(),
                     value) == 1);
  for (const auto &name : schema.value("required", json::array()))
    CHECK((value.is_null() || value.contains(name.get<std::string>())));
  if (value.is_object() && schema.contains("properties"))
    for (const auto &[name, property] : schema.at("properties").items())
      if (value.contains(name))
        check_against(whole, property, value.at(name), where + '/' + name);
  if (value.is_array() && schema.contains("items"))
    for (const auto &one : value)
      check_against(whole, schema.at("items"), one, where + "/-");
}

/// A route that answers as the document says, and with nothing more.
void check_answer(const json &whole, const std::string &path,
                  const std::string &method, const received &answer) {
  INFO(method << ' ' << path << ' ' << answer.status);
  const auto &answers = whole.at("paths").at(path).at(method).at("responses");
  const auto status = std::to_string(answer.status);
  REQUIRE(answers.contains(status));
  const auto &content = resolve(whole, answers.at(status)).at("content");
  REQUIRE(content.contains(answer.raw.content_type));
  const auto &schema = content.at(answer.raw.content_type).at("schema");
  const auto body = answer.json();
  check_against(whole, schema, body, path);
  const auto known = members_of(whole, schema);
  for (const auto &[name, value] : body.items()) {
    INFO(name);
    CHECK(known.contains(name));
  }
}

received as_admin(const route_client &client, const std::string &method,
                  const std::string &target, const std::string &body = "") {
  sent what{method, target, body, {}};
  what.headers.emplace_back("authorization",
                            std::string("Bearer ") + admin_token);
  if (!body.empty())
    what.headers.emplace_back("content-type", "application/json");
  return client.send(what);
}

} // namespace

TEST_CASE("the OpenAPI document has every route, and no other", "[openapi]") {
  fake_gateway gateway;
  const auto routes =
      http::make_routes(http::make_service(gateway, config::settings()));
  std::set<std::string> served;
  for (const auto &route : routes)
    served.insert(in_lower_case(route.method) + ' ' + route.pattern);
  std::set<std::string> described;
  const auto whole = document();
  CHECK(whole.at("openapi") == "3.1.0");
  each_operation(whole, [&](auto &path, auto &method, auto &) {
    described.insert(method + ' ' + path);
  });
  CHECK(described == served);
}

TEST_CASE("a route that nobody described is noticed", "[openapi]") {
  fake_gateway gateway;
  auto routes =
      http::make_routes(http::make_service(gateway, config::settings()));
  routes.back().pattern = "/unknown";
  CHECK_THROWS_AS(http::openapi_document(routes), std::logic_error);
  routes.pop_back();
  CHECK_THROWS_AS(http::openapi_document(routes), std::logic_error);
}

TEST_CASE("each reference of the OpenAPI document leads somewhere",
          "[openapi]") {
  const auto whole = document();
  int count = 0;
  each_object(whole, [&](const json &one) {
    if (!one.contains("$ref"))
      return;
    ++count;
    INFO(one.dump());
    CHECK_NOTHROW(resolve(whole, one));
  });
  CHECK(count > 100);
}

TEST_CASE("each schema and parameter of the OpenAPI document is used",
          "[openapi]") {
  const auto whole = document();
  std::set<std::string> used;
  each_object(whole, [&](const json &one) {
    if (one.contains("$ref"))
      used.insert(one.at("$ref").get<std::string>());
  });
  for (const auto *kind : {"schemas", "parameters", "responses"})
    for (const auto &[name, value] : whole.at("components").at(kind).items()) {
      INFO(name);
      CHECK(used.contains("#/components/" + std::string(kind) + '/' + name));
    }
}

TEST_CASE("each operation has a name of its own, answers and a reader",
          "[openapi]") {
  const auto whole = document();
  const auto &schemes = whole.at("components").at("securitySchemes");
  std::set<std::string> names;
  each_operation(whole, [&](auto &path, auto &method, const json &operation) {
    INFO(method << ' ' << path);
    CHECK(names.insert(operation.at("operationId").get<std::string>()).second);
    CHECK(!operation.at("summary").get<std::string>().empty());
    const auto &answers = operation.at("responses");
    CHECK(answers.size() >= 2);
    CHECK(answers.contains("default"));
    for (const auto &[status, answer] : answers.items())
      CHECK(resolve(whole, answer).contains("description"));
    for (const auto &one : operation.at("security"))
      for (const auto &[scheme, scopes] : one.items())
        CHECK(schemes.contains(scheme));
    CHECK(operation.at("security").empty() == !answers.contains("401"));
  });
}

TEST_CASE("each name in a path of the OpenAPI document is a parameter",
          "[openapi]") {
  const auto whole = document();
  each_operation(whole, [&](auto &path, auto &, const json &operation) {
    std::set<std::string> declared;
    for (const auto &one : operation.value("parameters", json::array()))
      if (resolve(whole, one).at("in") == "path")
        declared.insert(resolve(whole, one).at("name").get<std::string>());
    const auto wanted = std::count(path.begin(), path.end(), '{');
    CHECK(declared.size() == static_cast<std::size_t>(wanted));
    for (const auto &name : declared)
      CHECK(path.find('{' + name + '}') != std::string::npos);
  });
}

TEST_CASE("a route takes a body where the OpenAPI document says so",
          "[openapi]") {
  fake_gateway gateway;
  const auto whole = document();
  for (const auto &route :
       http::make_routes(http::make_service(gateway, config::settings()))) {
    INFO(route.method << ' ' << route.pattern);
    const auto &operation =
        whole.at("paths").at(route.pattern).at(in_lower_case(route.method));
    REQUIRE(operation.contains("requestBody") == (route.max_body > 0));
    if (route.max_body > 0)
      CHECK(operation.at("requestBody").at("required") !=
            route.is_body_optional);
  }
}

TEST_CASE("tenants are answered as the OpenAPI document says", "[openapi]") {
  const auto whole = document();
  route_client client;
  const std::string event = R"({"type":"a","payload":{"b":1},"dedup_id":"x"})";
  check_answer(whole, "/api/events", "post", client.post("/api/events", event));
  client.sign_up();
  const auto taken = client.post("/api/events", event);
  check_answer(whole, "/api/events", "post", taken);
  check_answer(whole, "/api/events", "post", client.post("/api/events", event));
  check_answer(whole, "/api/events", "post", client.post("/api/events", "{}"));
  check_answer(whole, "/api/events", "post", client.post("/api/events", "{"));
  check_answer(whole, "/api/events/batch", "post",
               client.post("/api/events/batch", '[' + event + ",{}]"));
  const auto id = taken.json().at("id").get<std::string>();
  check_answer(whole, "/api/events/{id}", "get",
               client.get("/api/events/" + id));
  check_answer(whole, "/api/events/{id}", "get",
               client.get("/api/events/none"));
  check_answer(whole, "/api/inbox", "get", client.get("/api/inbox?limit=1"));
  check_answer(whole, "/api/inbox", "get", client.get("/api/inbox?limit=0"));
  check_answer(whole, "/api/ack/{event_id}", "post",
               client.post("/api/ack/" + id, ""));
  check_answer(whole, "/api/ack", "post",
               client.post("/api/ack", R"({"ids":["none"]})"));
  check_answer(whole, "/api/keys", "get", client.get("/api/keys"));
  check_answer(whole, "/api/keys/rotate", "post",
               client.post("/api/keys/rotate", ""));
  client.use_key("");
  check_answer(whole, "/api/keys/generate", "post",
               as_admin(client, "POST", "/api/keys/generate",
                        R"({"organization_name":"acme"})"));
}

TEST_CASE("owners of endpoints are answered as the OpenAPI document says",
          "[openapi]") {
  const auto whole = document();
  route_client client;
  client.sign_up();
  const auto check = [&](const std::string &method, const std::string &path,
                         const std::string &id = "",
                         const std::string &body = "") {
    sent what{method, path, body, {{"content-type", "application/json"}}};
    if (const auto at = path.find("{id}"); at != std::string::npos)
      what.target.replace(at, 4, id);
    auto answer = client.send(what);
    check_answer(whole, path, in_lower_case(method), answer);
    return answer;
  };
  const std::string url = R"({"url":"https://hooks.example.com/")";
  const std::string one = "/api/endpoints/{id}";
  const std::string since = R"({"since":"2026-01-01T00:00:00Z"})";
  const auto made =
      check("POST", "/api/endpoints", "",
            url + R"(,"event_types":["a.*"],"headers":{"x":"y"}})");
  const auto id = made.json().at("id").get<std::string>();
  check("POST", "/api/endpoints", "", "{}");
  check("POST", "/api/endpoints", "", R"({"url":"https://10.0.0.1/"})");
  check("GET", "/api/endpoints");
  check("GET", one, id);
  check("PATCH", one, id, R"({"description":null})");
  check("POST", one + "/pause", id);
  check("POST", one + "/rotate-secret", id);
  check("GET", one, id);
  check("POST", one + "/resume", id);
  const auto replay = check("POST", one + "/replay", id, since).json();
  check("POST", one + "/replay", id,
        R"({"since":"2026-01-01T00:00:00Z","dry_run":true})");
  check("GET", one + "/replays", id);
  check("GET", "/api/replays/{id}", replay.at("id"));
  check("DELETE", "/api/replays/{id}", replay.at("id"));
  const std::string config = R"({"webhook_url":"https://b.example.com/"})";
  check("POST", "/api/webhook/config", "", config);
  check("POST", "/api/webhook/config", "", config);
  const auto event =
      client.post("/api/events", R"({"type":"a","payload":{}})").json();
  client.gateway.webhooks.attempts.emplace_back();
  client.gateway.webhooks.steps.emplace_back(
      db::replay_outcome{1, 1, db::delivery_id()});
  check("GET", "/api/events/{id}", event.at("id"));
  check("POST", "/api/events/{id}/replay", event.at("id"), "{}");
  client.gateway.events.front().where = db::event_view::place::queued;
  check("POST", "/api/events/{id}/replay", event.at("id"), "{}");
  check("DELETE", one, id);
  for (const auto *method : {"GET", "DELETE"})
    check(method, one, id);
  check("PATCH", one, id, "{}");
  client.forget_secrets();
  check("GET", "/api/endpoints");
}

TEST_CASE("operators are answered as the OpenAPI document says", "[openapi]") {
  const auto whole = document();
  route_client client;
  client.gateway.last_drain.emplace();
  client.gateway.books.faults.emplace_back();
  client.gateway.nodes.emplace_back();
  client.gateway.sample.gate.state.processing = db::processing_mode::draining;
  const auto check = [&](const std::string &method, const std::string &path,
                         const std::string &body = "") {
    check_answer(whole, path, in_lower_case(method),
                 as_admin(client, method, path, body));
  };
  const std::string order =
      R"({"reason":"why","ids":["0192a3b4-c5d6-7e8f-9a0b-1c2d3e4f5061"]})";
  check("GET", "/admin/v1/gate");
  check("POST", "/admin/v1/mode", R"({"mode":"sync"})");
  check("POST", "/admin/v1/mode", R"({"mode":"sync","expected_version":77})");
  check("POST", "/admin/v1/pause");
  check("POST", "/admin/v1/resume");
  check("POST", "/admin/v1/drain");
  check("GET", "/admin/v1/gate");
  check("POST", "/admin/v1/ledger/verify");
  check("POST", "/admin/v1/ledger/repair", R"({"reason":"why"})");
  check("POST", "/admin/v1/queue/requeue", order);
  check("POST", "/admin/v1/queue/discard", order);
  check("POST", "/admin/v1/poll");
  check("POST", "/admin/v1/cleanup");
  check("GET", "/admin/v1/nodes");
  check("GET", "/admin/v1/settings");
  client.gateway.view.overrides.list.emplace_back();
  client.gateway.view.held.now.waiting = {"http.listen"};
  client.gateway.differences.emplace_back();
  check("GET", "/admin/v1/settings");
  check("POST", "/admin/v1/settings", R"({"set":["log.level=info"]})");
  check("POST", "/admin/v1/settings", R"({"set":["log.level"]})");
  check("POST", "/admin/v1/reload");
  client.gateway.settings_faults.emplace_back();
  check("POST", "/admin/v1/reload");
  client.gateway.items.emplace_back();
  client.gateway.audit_records.emplace_back();
  check("GET", "/admin/v1/queue");
  check("GET", "/admin/v1/audit");
  check_answer(whole, "/admin/v1/actors/{name}/restart", "post",
               as_admin(client, "POST", "/admin/v1/actors/poller/restart"));
}

TEST_CASE("damage and dry runs are answered as the OpenAPI document says",
          "[openapi]") {
  const auto whole = document();
  route_client client;
  auto &damage = client.gateway.damage;
  damage.holders.emplace_back();
  damage.stuck.emplace_back();
  damage.quarantined.most.emplace_back();
  damage.doubled.emplace_back();
  damage.nodes.push_back({{}, 0, std::chrono::hours(1)});
  damage.books.emplace().faults.emplace_back();
  damage.books->fault_count = 1;
  client.gateway.items.emplace_back();
  client.gateway.records.emplace_back();
  client.gateway.differences.emplace_back();
  const auto check = [&](const std::string &method, const std::string &path,
                         const std::string &body = "") {
    check_answer(whole, path, in_lower_case(method),
                 as_admin(client, method, path, body));
  };
  const std::string trial = R"({"dry_run":true})";
  check("GET", "/admin/v1/assess");
  check("POST", "/admin/v1/recover");
  check("POST", "/admin/v1/recover", trial);
  check("POST", "/admin/v1/cleanup", trial);
  check("POST", "/admin/v1/ledger/repair", trial);
  check("POST", "/admin/v1/pause", trial);
  check("POST", "/admin/v1/drain", trial);
  check("POST", "/admin/v1/mode", R"({"mode":"sync","dry_run":true})");
  check("POST", "/admin/v1/settings",
        R"({"set":["log.level=info"],"dry_run":true})");
  for (const auto *what : {"requeue", "discard"})
    check("POST", std::string("/admin/v1/queue/") + what,
          R"({"status":"quarantined","dry_run":true})");
  damage.books.reset();
  damage.verdict.emplace();
  check("GET", "/admin/v1/assess");
  check_answer(
      whole, "/admin/v1/queue/{id}", "get",
      as_admin(client, "GET",
               "/admin/v1/queue/0192a3b4-c5d6-7e8f-9a0b-1c2d3e4f5061"));
}

TEST_CASE("health is told as the OpenAPI document says", "[openapi]") {
  const auto whole = document();
  route_client client;
  check_answer(whole, "/health/ready", "get", client.get("/health/ready"));
  client.gateway.sample.is_ready = true;
  client.gateway.sample.depth.oldest_pending = std::chrono::seconds(1);
  client.gateway.sample.ledger.was_checked = true;
  check_answer(whole, "/health/ready", "get", client.get("/health/ready"));
  check_answer(whole, "/health/live", "get", client.get("/health/live"));
}
