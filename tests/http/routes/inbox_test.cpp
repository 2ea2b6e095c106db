#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "http/in/cursor.hpp"
#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

std::vector<std::string> post_events(const route_client &client, int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i)
    ids.push_back(client
                      .post("/api/events", R"({"type":"t","payload":{"n":)" +
                                               std::to_string(i) + "}}")
                      .json()
                      .at("id"));
  return ids;
}

std::vector<std::string> ids_of(const received &page) {
  std::vector<std::string> out;
  const auto body = page.json();
  for (const auto &event : body.at("events"))
    out.push_back(event.at("id"));
  return out;
}

std::string cursor_of(const received &page) {
  return page.json().at("pagination").at("next_cursor").get<std::string>();
}

} // namespace

TEST_CASE("the inbox shows events with their own bytes", "[inbox]") {
  route_client client;
  client.sign_up();
  client.post(
      "/api/events",
      R"({"type":"t","payload":{"b":1.00,"a":"\u00e9"},"dedup_id":"k"})");
  const auto page = client.get("/api/inbox");
  CHECK(page.status == 200);
  CHECK(page.raw.body.find(R"("payload":{"b":1.00,"a":"\u00e9"},)") !=
        std::string::npos);
  const auto event = page.json().at("events").at(0);
  CHECK(event.at("type") == "t");
  CHECK(event.at("dedup_id") == "k");
  CHECK(event.at("status") == "pending");
  CHECK(event.at("attempts") == 0);
  CHECK(event.at("accepted_at") < event.at("stored_at"));
}

TEST_CASE("pages follow each other without gap or overlap", "[inbox]") {
  route_client client;
  client.sign_up();
  const auto ids = post_events(client, 7);
  std::vector<std::string> seen;
  std::string target = "/api/inbox?limit=3";
  for (int pages = 0; pages < 3; ++pages) {
    const auto page = client.get(target);
    const auto part = ids_of(page);
    seen.insert(seen.end(), part.begin(), part.end());
    const auto pagination = page.json().at("pagination");
    CHECK(pagination.at("has_more") == (pages < 2));
    if (pages < 2)
      target = "/api/inbox?limit=3&cursor=" + cursor_of(page);
    else
      CHECK(pagination.at("next_cursor").is_null());
  }
  CHECK(seen == ids);
}

TEST_CASE("a full last page has nothing behind it", "[inbox]") {
  route_client client;
  client.sign_up();
  post_events(client, 3);
  const auto page = client.get("/api/inbox?limit=3");
  CHECK(page.json().at("pagination").at("has_more") == false);
}

TEST_CASE("an offset passes over events", "[inbox]") {
  route_client client;
  client.sign_up();
  const auto ids = post_events(client, 4);
  CHECK(ids_of(client.get("/api/inbox?offset=3")) ==
        std::vector<std::string>{ids[3]});
  CHECK(ids_of(client.get("/api/inbox?offset=100000")).empty());
}

TEST_CASE("parameters of the inbox are checked", "[inbox]") {
  route_client client;
  client.sign_up();
  for (const auto *query :
       {"status=x' OR '1'='1", "status=", "status=PENDING", "limit=0",
        "limit=1001", "limit=-1", "limit=1.5", "limit=", "limit=+5",
        "limit=99999999999999999999", "offset=-1", "offset=100001",
        "limit=1&limit=2", "page=1"}) {
    INFO(query);
    const auto page = client.get(std::string("/api/inbox?") + query);
    CHECK(page.status == 422);
    CHECK(page.slug() == "validation");
  }
  for (const auto *status :
       {"pending", "sending", "delivered", "failed", "dead_letter", "skipped"})
    CHECK(client.get(std::string("/api/inbox?status=") + status).status == 200);
}

TEST_CASE("a cursor is good for its own query only", "[inbox]") {
  route_client client;
  const auto key = client.sign_up("one");
  post_events(client, 3);
  const auto cursor = cursor_of(client.get("/api/inbox?limit=1"));
  auto slug_of = [&client](const std::string &text, const std::string &more) {
    return client.get("/api/inbox?cursor=" + text + more).slug();
  };
  CHECK(slug_of(cursor, "").empty());
  CHECK(slug_of(cursor, "&status=pending") == "invalid-cursor");
  CHECK(slug_of("", "") == "invalid-cursor");
  CHECK(slug_of(cursor + "A", "") == "invalid-cursor");
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    auto tampered = cursor;
    tampered[i] = tampered[i] == 'A' ? 'B' : 'A';
    CHECK(slug_of(tampered, "") == "invalid-cursor");
  }
  client.sign_up("two");
  CHECK(slug_of(cursor, "") == "invalid-cursor");
}

TEST_CASE("a cursor ends after a day", "[inbox]") {
  fake_gateway gateway;
  db::timestamp now = db::system_now();
  http::cursor_codec codec(gateway, [&now] { return now; });
  const auto owner = db::organization_id::generate();
  const auto place = db::uuid::generate_v7();
  const auto text = codec.seal({owner, std::nullopt, place});
  REQUIRE(text);
  now += std::chrono::hours(24);
  CHECK(codec.open(*text, owner, std::nullopt) == place);
  now += std::chrono::seconds(1);
  CHECK_FALSE(codec.open(*text, owner, std::nullopt));
}
