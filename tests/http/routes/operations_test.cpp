#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

received order(const route_client &client, const std::string &path,
               const std::string &body = {}) {
  return client.send({"POST",
                      "/admin/v1/" + path,
                      body,
                      {{"authorization", std::string("Bearer ") + admin_token},
                       {"content-type", "application/json"}}});
}

} // namespace

TEST_CASE("the books are shown with what is wrong in them", "[operations]") {
  route_client client;
  auto &books = client.gateway.books;
  books.sums = {.accepted = 3, .stored = 2};
  books.position = 17;
  books.fault_count = 1;
  books.faults.push_back({db::ledger_fault::kind::missing,
                          db::organization_id::generate(),
                          db::event_id::generate()});
  const auto answer = order(client, "ledger/verify");
  REQUIRE(answer.status == 200);
  const auto body = answer.json();
  CHECK(body.at("is_balanced") == false);
  CHECK(body.at("position") == 17);
  CHECK(body.at("sums").at("accepted") == 3);
  CHECK(body.at("faults").at(0).at("fault") == "missing");
  CHECK(body.at("faults").at(0).at("event_id") ==
        books.faults.front().id.to_string());
}

TEST_CASE("a repair wants a reason", "[operations]") {
  route_client client;
  CHECK(order(client, "ledger/repair", "{}").status == 422);
  CHECK(client.gateway.orders.empty());
  CHECK(order(client, "ledger/repair", R"({"reason":"restored"})").status ==
        200);
  REQUIRE(client.gateway.orders.size() == 1);
  CHECK(client.gateway.orders.front().reason == "restored");
  CHECK(client.gateway.orders.front().actor == "admin");
}

TEST_CASE("items are requeued and discarded by their ids", "[operations]") {
  route_client client;
  const auto what = GENERATE(as<std::string>{}, "requeue", "discard");
  const auto first = db::event_id::generate();
  const auto second = db::event_id::generate();
  const auto answer = order(client, "queue/" + what,
                            R"({"reason":"r","ids":[")" + first.to_string() +
                                R"(",")" + second.to_string() + R"("]})");
  REQUIRE(answer.status == 200);
  CHECK(answer.json().at(what + (what == "requeue" ? "d" : "ed")) == 1);
  CHECK(answer.json().at("passed_over") == 1);
  REQUIRE(client.gateway.orders.size() == 1);
  CHECK(client.gateway.orders.front().ids == std::vector{first, second});
}

TEST_CASE("an order on items that names none is refused", "[operations]") {
  route_client client;
  const auto body =
      GENERATE(as<std::string>{}, R"({"reason":"r"})",
               R"({"reason":"r","ids":[]})", R"({"reason":"r","ids":["x"]})",
               R"({"reason":"r","ids":[1]})", R"({"ids":[]})");
  CHECK(order(client, "queue/discard", body).status == 422);
  CHECK(client.gateway.orders.empty());
}

TEST_CASE("operators poll, clean up and restart parts", "[operations]") {
  route_client client;
  CHECK(order(client, "poll").status == 202);
  CHECK(client.gateway.polls == 1);
  CHECK(order(client, "cleanup").json().at("rescued") == 3);
  CHECK(order(client, "actors/poller/restart").status == 202);
  CHECK(order(client, "actors/nobody/restart").status == 404);
}
