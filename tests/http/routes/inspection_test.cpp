#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

struct inspection_fixture {
  received ask(const std::string &what) {
    // An operator asks, and no tenant.
    client.use_key({});
    return client.send(
        {"GET",
         "/admin/v1/" + what,
         {},
         {{"authorization", std::string("Bearer ") + admin_token}}});
  }

  route_client client;
};

} // namespace

TEST_CASE_METHOD(inspection_fixture, "items are shown without their payloads",
                 "[inspection]") {
  db::item_view item;
  item.id = db::event_id::generate();
  item.organization = db::organization_id::generate();
  item.type = "order.paid";
  item.status = db::item_status::quarantined;
  item.attempts = 5;
  item.last_error = "line\nbreak";
  client.gateway.items = {item};
  const auto answer = ask("queue");
  REQUIRE(answer.status == 200);
  const auto shown = answer.json().at("items").at(0);
  CHECK(shown.at("id") == item.id.to_string());
  CHECK(shown.at("status") == "quarantined");
  CHECK(shown.at("attempts") == 5);
  CHECK(shown.at("last_error") == "line\nbreak");
  CHECK(shown.at("claimed_by").is_null());
  CHECK(shown.at("claimed_at").is_null());
  CHECK_FALSE(shown.contains("payload"));
  CHECK(answer.json().at("next_after").is_null());
}

TEST_CASE_METHOD(inspection_fixture, "what is asked for reaches the store",
                 "[inspection]") {
  const auto owner = db::organization_id::generate();
  const auto last = db::event_id::generate();
  client.gateway.items.emplace_back().id = last;
  const auto before = db::system_now();
  const auto answer =
      ask("queue?status=processing&older_than=60&limit=1&organization_id=" +
          owner.to_string() + "&after=" + last.to_string());
  REQUIRE(answer.status == 200);
  CHECK(answer.json().at("next_after") == last.to_string());
  const auto asked = client.gateway.asked_items.value();
  CHECK(asked.status == db::item_status::processing);
  CHECK(asked.organization == owner);
  CHECK(asked.after == last);
  CHECK(asked.limit == 1);
  CHECK(asked.accepted_before >= before - 60s);
  CHECK(asked.accepted_before <= db::system_now() - 60s);
}

TEST_CASE_METHOD(inspection_fixture,
                 "a stored event is shown with what "
                 "became of it at its endpoints",
                 "[inspection]") {
  client.sign_up();
  const auto id = client.post("/api/events", R"({"type":"a","payload":{}})")
                      .json()
                      .at("id")
                      .get<std::string>();
  auto &event = client.gateway.events.front();
  event.delivery = db::uuid::generate_v7();
  auto &tried = client.gateway.webhooks.attempts.emplace_back();
  tried.delivery = db::delivery_id(event.delivery);
  tried.response_status = 500;
  auto &stored = client.gateway.records.emplace_back();
  stored.where = db::event_view::place::stored;
  stored.item.organization = event.event.organization;
  auto &queued = client.gateway.records.emplace_back(stored);
  queued.where = db::event_view::place::queued;
  const auto places = ask("queue/" + id).json().at("places");
  const auto shown = places.at(0).at("deliveries").at(0);
  CHECK(shown.at("id") == event.delivery.to_string());
  CHECK(shown.at("attempts_log").at(0).at("response_status") == 500);
  CHECK(places.at(1).at("deliveries").empty());
}

TEST_CASE_METHOD(inspection_fixture, "an organization's endpoints are shown",
                 "[inspection]") {
  client.sign_up();
  REQUIRE(
      client.post("/api/endpoints", R"({"url":"https://hooks.example.com/in"})")
          .status == 201);
  const auto &made = client.gateway.webhooks.list.front();
  const auto shown =
      ask("endpoints?organization_id=" + made.organization.to_string());
  REQUIRE(shown.status == 200);
  CHECK(shown.json().at("endpoints").at(0).at("id") == made.id.to_string());
  CHECK_FALSE(shown.json().at("endpoints").at(0).contains("secret"));
  CHECK(ask("endpoints").status == 422);
  CHECK(ask("endpoints?organization_id=acme").status == 422);
}

TEST_CASE_METHOD(inspection_fixture, "what can't be asked is refused",
                 "[inspection]") {
  const auto *what = GENERATE(
      "queue?status=stuck", "queue?limit=0", "queue?limit=1001",
      "queue?organization_id=acme", "queue?after=1", "queue?older_than=-1",
      "queue?colour=red", "audit?before=0", "audit?limit=x");
  INFO(what);
  CHECK(ask(what).status == 422);
  CHECK_FALSE(client.gateway.asked_items);
  CHECK_FALSE(client.gateway.asked_audit);
}

TEST_CASE_METHOD(inspection_fixture, "the audit log is shown", "[inspection]") {
  client.gateway.audit_records.push_back({.position = 7,
                                          .at = {},
                                          .actor = "anna",
                                          .action = "discard",
                                          .target = "",
                                          .reason = "ticket 12",
                                          .detail = "{}"});
  const auto answer = ask("audit?before=9&limit=1");
  REQUIRE(answer.status == 200);
  const auto entry = answer.json().at("entries").at(0);
  CHECK(entry.at("position") == 7);
  CHECK(entry.at("actor") == "anna");
  CHECK(entry.at("target").is_null());
  CHECK(entry.at("reason") == "ticket 12");
  CHECK(answer.json().at("next_before") == 7);
  CHECK(client.gateway.asked_audit->before == 9);
}

TEST_CASE("only operators look at the queue", "[inspection]") {
  route_client client;
  CHECK(client.get("/admin/v1/queue").status == 401);
  CHECK(client.get("/admin/v1/audit").status == 401);
}
