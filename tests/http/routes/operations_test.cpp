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

TEST_CASE("items are requeued and discarded by a filter", "[operations]") {
  route_client client;
  db::item_view item;
  item.id = db::event_id::generate();
  item.status = db::item_status::quarantined;
  client.gateway.items = {item};
  item.status = db::item_status::processing;
  client.gateway.items.push_back(item);
  const auto owner = db::organization_id::generate();
  const auto answer =
      order(client, "queue/discard",
            R"({"reason":"r","status":"quarantined","older_than":60,)"
            R"("organization_id":")" +
                owner.to_string() + R"("})");
  REQUIRE(answer.status == 200);
  REQUIRE(client.gateway.asked_items);
  const auto &asked = *client.gateway.asked_items;
  CHECK(asked.status == db::item_status::quarantined);
  CHECK(asked.organization == owner);
  CHECK(asked.accepted_before < db::system_now());
  CHECK(asked.limit == 1000);
  REQUIRE(client.gateway.orders.size() == 1);
  // What is worked on is no one's to be discarded.
  CHECK(client.gateway.orders.front().ids ==
        std::vector{client.gateway.items.front().id});
  CHECK(order(client, "queue/requeue", R"({"reason":"r","older_than":60})")
            .status == 200);
  CHECK(client.gateway.asked_items->status == db::item_status::quarantined);
}

TEST_CASE("a dry run of an order on items shows them", "[operations]") {
  route_client client;
  const auto what = GENERATE(as<std::string>{}, "requeue", "discard");
  const auto body = GENERATE(
      as<std::string>{}, R"({"dry_run":true,"status":"quarantined"})",
      R"({"dry_run":true,"limit":1,"status":"quarantined"})",
      R"({"dry_run":true,"ids":["01a21722-4274-7000-92cb-6f364a76450b"]})");
  db::item_view item;
  item.status = db::item_status::quarantined;
  item.last_error = "\x1b[31m";
  client.gateway.items = {item};
  const auto answer = order(client, "queue/" + what, body);
  REQUIRE(answer.status == 200);
  CHECK(answer.json().at("dry_run") == true);
  CHECK(answer.json().at(what + (what == "requeue" ? "d" : "ed")) == 1);
  CHECK(answer.json().at("passed_over") == 0);
  CHECK(answer.json().at("items").size() == 1);
  CHECK(answer.json().at("has_more") ==
        (body.find("limit") != std::string::npos));
  CHECK(client.gateway.orders.empty());
  CHECK(client.gateway.polls == 0);
  CHECK(client.gateway.acts.empty());
}

TEST_CASE("a filter that says too little or too much is refused",
          "[operations]") {
  route_client client;
  const auto body =
      GENERATE(as<std::string>{}, R"({"reason":"r","older_than":1})",
               R"({"reason":"r","status":"processing"})",
               R"({"reason":"r","status":"pending","ids":["x"]})",
               R"({"reason":"r","status":"pending","limit":1001})",
               R"({"reason":"r","status":"pending","older_than":-1})",
               R"({"reason":"r","status":"pending","organization_id":"x"})",
               R"({"status":"pending"})", R"({"dry_run":1,"status":"pending"})",
               R"({"dry_run":true})");
  CHECK(order(client, "queue/discard", body).status == 422);
  CHECK(client.gateway.orders.empty());
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

TEST_CASE("what changes nothing in the store is on the record as well",
          "[operations]") {
  route_client client;
  const std::string why = R"({"actor":"ada","reason":"ticket 7"})";
  for (const auto *path :
       {"poll", "cleanup", "actors/poller/restart", "actors/nobody/restart",
        "actors/worker_pool/restart", "reload"})
    order(client, path, why);
  const auto &acts = client.gateway.acts;
  // What was refused is not.
  REQUIRE(acts.size() == 4);
  for (const auto &one : acts) {
    CHECK(one.actor == "ada");
    CHECK(one.reason == "ticket 7");
  }
  CHECK(acts[0].action == "poll");
  CHECK(acts[1].action == "cleanup");
  CHECK(acts[2].action == "restart");
  CHECK(acts[2].target == "poller");
  CHECK(acts[3].action == "reload");
  CHECK(client.gateway.outcomes ==
        std::vector<std::string>{"begun", "rescued=3 quarantined=1", "begun",
                                 "changed=0"});
  CHECK(client.gateway.restarted == std::vector<std::string>{"poller"});
}

TEST_CASE("no name of a part can be anything", "[operations]") {
  route_client client;
  CHECK(order(client, "actors/" + std::string(500, 'a') + "/restart").status ==
        404);
  CHECK(order(client, "actors/%1b%5b31m/restart").status == 404);
  CHECK(client.gateway.acts.empty());
}

TEST_CASE("who names a part that can't be restarted is told which can",
          "[operations]") {
  route_client client;
  CHECK(order(client, "actors/worker_pool/restart")
            .json()
            .at("error")
            .get<std::string>()
            .starts_with("no part is started again by that name; these are: "
                         "ingest, ingest relief, poller, worker, "));
  client.gateway.part_list = {{.name = "worker 12"},
                              {.name = "worker_pool"},
                              {.name = "ingest relief"}};
  const auto told =
      client
          .send({"GET",
                 "/admin/v1/actors",
                 "",
                 {{"authorization", std::string("Bearer ") + admin_token}}})
          .json()
          .at("actors");
  CHECK(told[0].at("restart_as") == "worker");
  CHECK(told[1].at("restart_as").is_null());
  CHECK(told[2].at("restart_as") == "ingest relief");
}

TEST_CASE("while the database is away parts can be restarted", "[operations]") {
  route_client client;
  client.gateway.outage = db::error{db::errc::unavailable, "gone", {}};
  CHECK(order(client, "poll").status == 503);
  CHECK(order(client, "cleanup").status == 503);
  CHECK(client.gateway.polls == 0);
  CHECK(order(client, "actors/poller/restart").status == 202);
  CHECK(client.gateway.restarted.size() == 1);
}

TEST_CASE("dry runs of a cleanup and a repair write nothing", "[operations]") {
  route_client client;
  client.gateway.damage.depth.stuck = 5;
  client.gateway.damage.exhausted = 2;
  client.gateway.books.fault_count = 4;
  const auto cleanup = order(client, "cleanup", R"({"dry_run":true})").json();
  CHECK(cleanup.at("dry_run") == true);
  CHECK(cleanup.at("rescued") == 3);
  CHECK(cleanup.at("quarantined") == 2);
  const auto repair =
      order(client, "ledger/repair", R"({"dry_run":true})").json();
  CHECK(repair.at("dry_run") == true);
  CHECK(repair.at("found_before").at("fault_count") == 4);
  CHECK(client.gateway.orders.empty());
  CHECK(client.gateway.acts.empty());
}
