#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;
using nlohmann::json;

namespace {

constexpr auto batch = "/api/events/batch";

std::string event(int n) {
  return R"({"type":"t","payload":{"n":)" + std::to_string(n) + "}}";
}

std::string array_of(int count) {
  std::string out = "[";
  for (int i = 0; i < count; ++i)
    out += (i > 0 ? "," : "") + event(i);
  return out + "]";
}

received send_lines(const route_client &client, const std::string &body) {
  return client.send(
      {"POST", batch, body, {{"content-type", "application/x-ndjson"}}});
}

std::vector<int> statuses(const received &answer) {
  std::vector<int> out;
  const auto body = answer.json();
  for (const auto &one : body.at("results")) {
    CHECK(one.at("index") == out.size());
    out.push_back(one.at("status"));
  }
  return out;
}

std::string slug_at(const received &answer, std::size_t index) {
  return answer.json().at("results").at(index).at("error").at("type");
}

} // namespace

TEST_CASE("a batch is accepted as a whole, in order", "[batch]") {
  route_client client;
  client.sign_up();
  const auto answer = client.post(batch, array_of(1000));
  CHECK(answer.status == 202);
  CHECK(statuses(answer) == std::vector<int>(1000, 202));
  REQUIRE(client.gateway.events.size() == 1000);
  CHECK(client.gateway.events[999].event.payload == R"({"n":999})");
  CHECK(answer.json().at("results").at(999).at("id") ==
        client.gateway.events[999].event.id.to_string());
}

TEST_CASE("a batch is 1 to 1000 events", "[batch]") {
  route_client client;
  client.sign_up();
  for (const auto &body : {std::string("[]"), array_of(1001)}) {
    const auto answer = client.post(batch, body);
    CHECK(answer.status == 422);
    CHECK(answer.slug() == "validation");
  }
  CHECK(send_lines(client, "\n \n").status == 422);
  CHECK(client.post(batch, event(1)).slug() == "validation");
  CHECK(client.gateway.events.empty());
}

TEST_CASE("a bad event costs that event only", "[batch]") {
  auto settings = route_client::default_settings();
  settings.http.max_payload = 100;
  route_client client(settings);
  client.sign_up();
  const std::string large =
      R"({"type":"t","payload":{"a":")" + std::string(100, 'x') + "\"}}";
  const auto answer = client.post(
      batch, "[" + event(0) + "," + large + R"(,7,{"type":"t","payload":1})" +
                 R"(,{"type":"t","payload":{"a":1,"a":2}},)" + event(5) + "]");
  CHECK(answer.status == 207);
  CHECK(statuses(answer) == std::vector<int>{202, 413, 422, 422, 422, 202});
  CHECK(slug_at(answer, 1) == "urn:sluice:problem:payload-too-large");
  CHECK(slug_at(answer, 4) == "urn:sluice:problem:duplicate-member");
  CHECK(client.gateway.events.size() == 2);
}

TEST_CASE("an array that is not JSON writes nothing", "[batch]") {
  route_client client;
  client.sign_up();
  for (const auto &body : {"[" + event(0) + "," + event(1),
                           "[" + event(0) + " x]", std::string("nope")}) {
    const auto answer = client.post(batch, body);
    CHECK(answer.status == 400);
    CHECK(answer.slug() == "invalid-json");
  }
  CHECK(client.gateway.events.empty());
}

TEST_CASE("a bad line costs that line only", "[batch]") {
  route_client client;
  client.sign_up();
  const auto answer =
      send_lines(client, event(0) + "\r\n\n{\"type\"\n\xFF\n" + event(2));
  CHECK(answer.status == 207);
  CHECK(statuses(answer) == std::vector<int>{202, 400, 400, 202});
  CHECK(slug_at(answer, 1) == "urn:sluice:problem:invalid-json");
  CHECK(slug_at(answer, 2) == "urn:sluice:problem:invalid-encoding");
}

TEST_CASE("repeats within and between batches are told apart", "[batch]") {
  route_client client;
  client.sign_up();
  const std::string keyed = R"({"type":"t","payload":{},"dedup_id":"k"})";
  const std::string other = R"({"type":"u","payload":{},"dedup_id":"k"})";
  const auto answer =
      client.post(batch, "[" + keyed + "," + keyed + "," + other + "]");
  CHECK(statuses(answer) == std::vector<int>{202, 409, 422});
  const auto rows = answer.json().at("results");
  CHECK(rows.at(1).at("error").at("event_id") == rows.at(0).at("id"));
}

TEST_CASE("an Idempotency-Key makes a batch repeatable", "[batch]") {
  route_client client;
  client.sign_up();
  const sent request{"POST",
                     batch,
                     array_of(3),
                     {{"content-type", "application/json"},
                      {"idempotency-key", std::string(255, 'k')}}};
  const auto first = client.send(request);
  const auto again = client.send(request);
  CHECK(first.status == 202);
  CHECK(again.raw.body == first.raw.body);
  CHECK(client.gateway.events.size() == 3);
}

TEST_CASE("an event that the store fails on has its own row", "[batch]") {
  route_client client;
  client.sign_up();
  client.gateway.item_errors = {{1, db::error{db::errc::in_doubt, "", "d"}},
                                {2, db::error{db::errc::unavailable, "", ""}}};
  const auto answer = client.post(batch, array_of(4));
  CHECK(answer.status == 207);
  CHECK(statuses(answer) == std::vector<int>{202, 503, 503, 202});
  CHECK(slug_at(answer, 1) == "urn:sluice:problem:commit-outcome-unknown");
  CHECK(slug_at(answer, 2) == "urn:sluice:problem:storage-unavailable");
}

TEST_CASE("a batch of which nothing was written is a 503", "[batch]") {
  route_client client;
  client.sign_up();
  CHECK(client.get("/api/keys").status == 200);
  client.gateway.outage = db::error{db::errc::unavailable, "", ""};
  const auto answer = client.post(batch, array_of(2));
  CHECK(answer.status == 503);
  CHECK(answer.slug() == "storage-unavailable");
}
