#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

constexpr auto events = "/api/events";
const std::string plain = R"({"type":"a.b","payload":{"n":1}})";

std::string with_dedup(const std::string &id, int n = 1) {
  return R"({"type":"a.b","payload":{"n":)" + std::to_string(n) +
         R"(},"dedup_id":")" + id + "\"}";
}

received send_with(const route_client &client, const std::string &body,
                   const std::string &header, const std::string &value) {
  return client.send({"POST",
                      events,
                      body,
                      {{"content-type", "application/json"}, {header, value}}});
}

received send_as(const route_client &client, const std::string &type) {
  return client.send({"POST", events, plain, {{"content-type", type}}});
}

} // namespace

TEST_CASE("an accepted event is handed over as it came", "[events]") {
  route_client client;
  client.sign_up();
  const auto answer = client.post(
      events, R"({"type":"a.b","payload": {"z":1.0,"a":"\u00e9"} })");
  CHECK(answer.status == 202);
  CHECK(answer.json().at("status") == "accepted");
  REQUIRE(client.gateway.events.size() == 1);
  const auto &stored = client.gateway.events.front().event;
  CHECK(stored.id.to_string() == answer.json().at("id"));
  CHECK(stored.payload == R"({"z":1.0,"a":"\u00e9"})");
  CHECK_FALSE(stored.key);
}

TEST_CASE("a repeated dedup_id is a conflict that names the first",
          "[events]") {
  route_client client;
  client.sign_up();
  const auto first = client.post(events, with_dedup("k")).json().at("id");
  const auto again = client.post(events, with_dedup("k"));
  CHECK(again.status == 409);
  CHECK(again.slug() == "duplicate-event");
  CHECK(again.json().at("error") == "Duplicate event detected");
  CHECK(again.json().at("event_id") == first);
  CHECK(again.json().at("id") == first);
  CHECK(client.gateway.events.size() == 1);
}

TEST_CASE("a dedup_id with other contents is a mismatch", "[events]") {
  route_client client;
  client.sign_up();
  client.post(events, with_dedup("k"));
  const auto other = client.post(events, with_dedup("k", 2));
  CHECK(other.status == 422);
  CHECK(other.slug() == "idempotency-mismatch");
}

TEST_CASE("an Idempotency-Key repeats the first answer", "[events]") {
  route_client client;
  client.sign_up();
  const auto first = send_with(client, plain, "idempotency-key", "i 1");
  const auto again = send_with(client, plain, "idempotency-key", "i 1");
  CHECK(first.status == 202);
  CHECK(again.status == 202);
  CHECK(again.raw.body == first.raw.body);
  REQUIRE(client.gateway.events.size() == 1);
  CHECK(client.gateway.events.front().event.key->scope ==
        db::dedup_scope::request);
  const auto other = send_with(client, R"({"type":"x","payload":{}})",
                               "idempotency-key", "i 1");
  CHECK(other.slug() == "idempotency-mismatch");
}

TEST_CASE("the body's dedup_id is the key, the header how it is answered",
          "[events]") {
  route_client client;
  client.sign_up();
  const auto first = client.post(events, with_dedup("k"));
  const auto again =
      send_with(client, with_dedup("k"), "idempotency-key", "new");
  CHECK(again.status == 202);
  CHECK(again.raw.body == first.raw.body);
  CHECK(client.gateway.events.size() == 1);
}

TEST_CASE("an Idempotency-Key is 1 to 255 printable ASCII, once", "[events]") {
  route_client client;
  client.sign_up();
  for (const auto &key : {std::string(), std::string(256, 'k'),
                          std::string("\xC3\xA9"), std::string("a\tb")})
    CHECK(send_with(client, plain, "idempotency-key", key).status == 422);
  const auto twice = client.send({"POST",
                                  events,
                                  plain,
                                  {{"content-type", "application/json"},
                                   {"idempotency-key", "a"},
                                   {"idempotency-key", "b"}}});
  CHECK(twice.status == 400);
  CHECK(client.gateway.events.empty());
}

TEST_CASE("a body is JSON in UTF-8 or not taken", "[events]") {
  route_client client;
  client.sign_up();
  for (const auto *type :
       {"application/json", "Application/JSON; charset=UTF-8",
        "application/json;charset=\"utf-8\""})
    CHECK(send_as(client, type).status == 202);
  for (const auto *type :
       {"application/json; charset=latin1", "text/plain",
        "application/x-ndjson", "application/json; charset=utf-8; x=y",
        "application/jsonx", "", "application/json;"}) {
    INFO(type);
    CHECK(send_as(client, type).slug() == "unsupported-media-type");
  }
  const auto none = client.send({"POST", events, plain, {}});
  CHECK(none.status == 415);
  const auto form = send_as(client, "multipart/form-data; boundary=x");
  CHECK(form.status == 415);
  CHECK(form.raw.closes);
  CHECK(send_with(client, plain, "content-encoding", "gzip").slug() ==
        "unsupported-encoding");
}

TEST_CASE("what the store fails with becomes what the client does next",
          "[events]") {
  route_client client;
  client.sign_up();
  auto fail_item = [&client](db::errc code) {
    client.gateway.item_errors = {{0, db::error{code, "t", ""}}};
    return client.post(events, plain);
  };
  for (const auto code : {db::errc::unavailable, db::errc::conflict,
                          db::errc::schema, db::errc::locked}) {
    const auto answer = fail_item(code);
    CHECK(answer.status == 503);
    CHECK(answer.slug() == "storage-unavailable");
    CHECK(answer.header("Retry-After") == "1");
  }
  const auto doubt = fail_item(db::errc::in_doubt);
  CHECK(doubt.status == 503);
  CHECK(doubt.slug() == "commit-outcome-unknown");
  CHECK(db::event_id::parse(doubt.json().at("event_id").get<std::string>()));
  CHECK(fail_item(db::errc::rejected).slug() == "validation");
}

TEST_CASE("a whole hand-over that fails is a clean 503", "[events]") {
  route_client client;
  client.sign_up();
  REQUIRE(client.post(events, plain).status == 202);
  client.gateway.outage = db::error{db::errc::unavailable, "t", ""};
  CHECK(client.post(events, plain).slug() == "storage-unavailable");
}

TEST_CASE("an event is shown where it is", "[events]") {
  route_client client;
  client.sign_up();
  const auto id =
      client.post(events, with_dedup("k")).json().at("id").get<std::string>();
  const auto shown = client.get("/api/events/" + id);
  CHECK(shown.status == 200);
  const auto body = shown.json();
  CHECK(body.at("id") == id);
  CHECK(body.at("status") == "stored");
  CHECK(body.at("payload").at("n") == 1);
  CHECK(body.at("dedup_id") == "k");
  CHECK(body.at("deliveries").size() == 1);
}

TEST_CASE("an event's deliveries tell of their attempts", "[events]") {
  route_client client;
  client.sign_up();
  const auto id = client.post(events, plain).json().at("id").get<std::string>();
  auto &event = client.gateway.events.front();
  auto &webhooks = client.gateway.webhooks;
  event.delivery = db::uuid::generate_v7();
  db::attempt_record failed;
  failed.delivery = db::delivery_id(event.delivery);
  failed.attempted_at = client.gateway.now;
  failed.duration = std::chrono::microseconds(12'999);
  failed.error = "no answer in time";
  auto answered = failed;
  answered.error.clear();
  answered.response_status = 204;
  answered.response_head = "a\xFF\n";
  auto foreign = failed;
  foreign.delivery = db::delivery_id::generate();
  webhooks.attempts = {failed, foreign, answered};
  const auto body = client.get("/api/events/" + id).json();
  const auto log = body.at("deliveries").at(0).at("attempts_log");
  const auto when = db::to_rfc3339(client.gateway.now);
  const nlohmann::json first = {{"attempted_at", when},
                                {"duration_ms", 12},
                                {"response_status", nullptr},
                                {"error", "no answer in time"},
                                {"response_head", nullptr}};
  const nlohmann::json second = {{"attempted_at", when},
                                 {"duration_ms", 12},
                                 {"response_status", 204},
                                 {"error", nullptr},
                                 {"response_head", "a\uFFFD\n"}};
  CHECK(log == nlohmann::json({first, second}));
}

TEST_CASE("attempts are asked for once an event is stored", "[events]") {
  using enum db::event_view::place;
  route_client client;
  client.sign_up();
  const auto id = client.post(events, plain).json().at("id").get<std::string>();
  for (const auto where : {queued, processing, quarantined, discarded}) {
    client.gateway.events.front().where = where;
    CHECK(client.get("/api/events/" + id).status == 200);
  }
  CHECK(client.gateway.webhooks.attempt_looks == 0);
  client.gateway.events.front().where = stored;
  client.get("/api/events/" + id);
  CHECK(client.gateway.webhooks.attempt_looks == 1);
}

TEST_CASE("unknown, foreign and malformed ids look alike", "[events]") {
  route_client client;
  client.sign_up("one");
  const auto id = client.post(events, plain).json().at("id").get<std::string>();
  client.sign_up("two");
  const auto foreign = client.get("/api/events/" + id);
  CHECK(foreign.status == 404);
  CHECK(foreign.slug() == "not-found");
  for (const auto &other :
       {db::event_id::generate().to_string(), std::string("x"),
        std::string(8000, 'a'), '{' + id + '}'})
    CHECK(client.get("/api/events/" + other).raw.body == foreign.raw.body);
}

TEST_CASE("keys of two organizations never meet", "[events]") {
  route_client client;
  client.sign_up("one");
  CHECK(client.post(events, with_dedup("k")).status == 202);
  client.sign_up("two");
  CHECK(client.post(events, with_dedup("k", 2)).status == 202);
}
