#include <catch2/catch.hpp>

#include <future>

#include <nlohmann/json.hpp>

#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;
using nlohmann::json;

namespace {

class log_client : public route_client {
public:
  log_client() { sign_up(); }

  fake_endpoints &fake() { return gateway.webhooks; }

  db::log_entry entry(std::uint64_t commit) {
    db::log_entry made;
    made.id = db::event_id::generate();
    made.position = {commit, made.id.value()};
    made.type = "t";
    made.payload = "{\"a\":\r\n 1}";
    return made;
  }
};

/// The next piece of an answer.
http::body_piece next_of(const received &answer) {
  auto promise = std::make_shared<std::promise<http::body_piece>>();
  auto piece = promise->get_future();
  answer.raw.source->next([promise](http::body_piece made) {
    promise->set_value(std::move(made));
  });
  REQUIRE(piece.wait_for(std::chrono::seconds(20)) ==
          std::future_status::ready);
  return piece.get();
}

std::string id_in(const std::string &text) {
  const auto at = text.find("id: ");
  REQUIRE(at != std::string::npos);
  return text.substr(at + 4, text.find('\n', at) - at - 4);
}

} // namespace

TEST_CASE("the log is shown in pages, newest first", "[log]") {
  log_client client;
  const auto one = client.entry(7);
  client.fake().log_pages.push_back({{one}, one.position, true});
  const auto first =
      client.get("/api/events?type=order.*&since=2026-01-31T12:00:00Z&limit=3");
  REQUIRE(first.status == 200);
  CHECK(first.json().at("events").at(0).at("id") == one.id.to_string());
  CHECK(first.json().at("events").at(0).at("payload") == json{{"a", 1}});
  CHECK(first.json().at("pagination").at("has_more") == true);
  const auto &asked = client.fake().log_queries.at(0);
  CHECK(asked.newest_first);
  CHECK(asked.limit == 3);
  CHECK(asked.type == "order.*");
  CHECK(asked.since);
  CHECK_FALSE(asked.from);
  const std::string cursor = first.json().at("pagination").at("next_cursor");
  const auto more = "/api/events?type=order.*&since=2026-01-31T12:00:00Z"
                    "&cursor=" +
                    cursor;
  const auto second = client.get(more);
  CHECK(second.json().at("pagination").at("next_cursor").is_null());
  CHECK(client.fake().log_queries.at(1).from == one.position);
  // Of another query, and another's.
  CHECK(client.get("/api/events?cursor=" + cursor).slug() == "invalid-cursor");
  client.sign_up("two");
  CHECK(client.get(more).slug() == "invalid-cursor");
}

TEST_CASE("questions about the log that can't be meant are refused", "[log]") {
  log_client client;
  for (const std::string query :
       {"type=", "type=a%20b", "type=*", "since=yesterday", "since=", "limit=0",
        "limit=1001", "limit=x", "offset=1", "limit=1&limit=2"}) {
    INFO(query);
    CHECK(client.get("/api/events?" + query).status == 422);
  }
  for (const std::string cursor : {"", "x", "AAAA"})
    CHECK(client.get("/api/events?cursor=" + cursor).slug() ==
          "invalid-cursor");
  CHECK(client.get("/api/stream?since=yesterday").status == 422);
  CHECK(client.get("/api/stream?type=t").status == 422);
  CHECK(client.fake().log_queries.empty());
}

TEST_CASE("a stream begins at the end of the log, and goes on", "[log]") {
  log_client client;
  const db::log_position end{5, {}};
  client.fake().log_pages.push_back({{}, end, false});
  auto answer = client.get("/api/stream");
  REQUIRE(answer.status == 200);
  CHECK(answer.raw.content_type == "text/event-stream");
  REQUIRE(answer.raw.source);
  CHECK(client.fake().log_queries.at(0).limit == 0);
  const auto begun = id_in(answer.raw.body);

  auto one = client.entry(7);
  {
    const std::lock_guard lock(client.gateway.mutex);
    client.fake().log_pages.push_back({{one}, one.position, false});
  }
  const auto piece = next_of(answer);
  CHECK_FALSE(piece.is_last);
  CHECK(piece.bytes == "id: " + id_in(piece.bytes) + "\ndata: {\"id\":\"" +
                           one.id.to_string() +
                           "\",\"type\":\"t\",\"payload\":{\"a\":\ndata:  1}" +
                           ",\"accepted_at\":\"1970-01-01T00:00:00.000000Z\","
                           "\"stored_at\":\"1970-01-01T00:00:00.000000Z\"}"
                           "\n\n");
  answer.raw.source.reset();

  // Who comes back goes on where it was.
  client.fake().log_queries.clear();
  for (const auto &last : {begun, id_in(piece.bytes)}) {
    const auto again =
        client.send({"GET", "/api/stream", "", {{"last-event-id", last}}});
    REQUIRE(again.status == 200);
    CHECK(id_in(again.raw.body) == last);
  }
  CHECK(client.send({"GET", "/api/stream", "", {{"last-event-id", "x"}}})
            .slug() == "invalid-cursor");
  client.sign_up("two");
  CHECK(client.send({"GET", "/api/stream", "", {{"last-event-id", begun}}})
            .slug() == "invalid-cursor");
}

TEST_CASE("an organization has so many streams and no more", "[log]") {
  log_client client;
  std::vector<received> open;
  for (int at = 0; at < 20; ++at) {
    open.push_back(client.get("/api/stream"));
    REQUIRE(open.back().status == 200);
  }
  const auto refused = client.get("/api/stream");
  CHECK(refused.status == 503);
  CHECK(refused.slug() == "too-many-streams");
  CHECK_FALSE(refused.header("Retry-After").empty());
  open.pop_back();
  CHECK(client.get("/api/stream").status == 200);
  client.sign_up("two");
  CHECK(client.get("/api/stream").status == 200);
}
