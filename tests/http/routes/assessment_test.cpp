#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/http/routes/route_client.hpp"

using namespace sluice;
using namespace sluice::tests;

namespace {

received send(const route_client &client, const std::string &method,
              const std::string &path, const std::string &body = {}) {
  return client.send({method,
                      "/admin/v1/" + path,
                      body,
                      {{"authorization", std::string("Bearer ") + admin_token},
                       {"content-type", "application/json"}}});
}

nlohmann::json assess(const route_client &client,
                      const std::string &query = {}) {
  const auto answer = send(client, "GET", "assess" + query);
  REQUIRE(answer.status == 200);
  return answer.json();
}

std::vector<std::string> codes(const nlohmann::json &findings) {
  std::vector<std::string> out;
  for (const auto &one : findings)
    out.push_back(one.at("code"));
  return out;
}

/// A store with something of everything wrong in it.
db::assessment damaged() {
  db::assessment out;
  out.depth.pending = 7;
  out.depth.processing = 3;
  out.depth.quarantined = 2;
  out.depth.stuck = 3;
  out.exhausted = 1;
  out.holders.push_back({"dead", "", 3, db::timestamp{}});
  out.stuck.emplace_back();
  out.quarantined = {2, true, {{"bad \x1b[31m", 2, db::event_id::generate()}}};
  const auto owner = db::organization_id::generate();
  out.doubled_count = 2;
  out.doubled = {{db::event_id::generate(), owner, {}, true},
                 {db::event_id::generate(), owner, {}, false}};
  out.books.emplace();
  out.books->fault_count = 3;
  for (const auto &one : out.doubled)
    out.books->faults.push_back(
        {db::ledger_fault::kind::doubled, owner, one.id});
  out.books->faults.push_back(
      {db::ledger_fault::kind::missing, owner, db::event_id::generate()});
  out.nodes.push_back({{}, 0, std::chrono::hours(1)});
  out.nodes.push_back({});
  return out;
}

} // namespace

TEST_CASE("of a sound store nothing is to be minded", "[assessment]") {
  route_client client;
  client.gateway.damage.books.emplace();
  client.gateway.damage.doubled_count = 0;
  const auto body = assess(client);
  CHECK(body.at("is_sound") == true);
  CHECK(body.at("findings").empty());
  CHECK(body.at("ledger").at("checked_now") == true);
  CHECK(body.at("ledger").at("balanced") == true);
  CHECK(body.at("in_log_already").at("count") == 0);
}

TEST_CASE("each kind of damage is found, with what mends it", "[assessment]") {
  route_client client;
  client.gateway.damage = damaged();
  const auto body = assess(client);
  CHECK(body.at("is_sound") == false);
  CHECK(codes(body.at("findings")) ==
        std::vector<std::string>{
            "stuck", "in_log_already", "in_log_with_other_contents",
            "not_where_the_books_have_it", "quarantined", "silent_nodes"});
  CHECK(body.at("findings").at(3).at("count") == 1);
  CHECK(body.at("findings").at(3).at("next") == "ledger repair --dry-run");
  CHECK(body.at("stuck").at("exhausted") == 1);
  CHECK(body.at("stuck").at("holders").at(0).at("claimed_by") == "dead");
  CHECK(body.at("stuck").at("holders").at(0).at("name") == nullptr);
  CHECK(body.at("quarantined").at("errors").at(0).at("error") ==
        "bad \x1b[31m");
  CHECK(body.at("in_log_already").at("items").at(1).at("is_same") == false);
  CHECK(body.at("nodes").at("silent").size() == 1);
  CHECK(body.at("ledger").at("faults").size() == 3);
}

TEST_CASE("without time for the books the last check is told", "[assessment]") {
  route_client client;
  client.gateway.books_take_too_long = true;
  auto body = assess(client);
  CHECK(body.at("ledger").at("checked_now") == false);
  CHECK(body.at("ledger").at("balanced") == nullptr);
  CHECK(body.at("in_log_already").at("count") == nullptr);
  CHECK(codes(body.at("findings")) ==
        std::vector<std::string>{"books_not_checked"});
  client.gateway.damage.verdict =
      db::ledger_verdict{false, 4, db::timestamp{}, {}};
  body = assess(client);
  CHECK(body.at("ledger").at("fault_count") == 4);
  CHECK(codes(body.at("findings")) ==
        std::vector<std::string>{"books_did_not_balance"});
  CHECK(client.gateway.asked_damage->looks_for_doubled);
  client.gateway.books_take_too_long = false;
  assess(client, "?books=last");
  CHECK_FALSE(client.gateway.asked_damage->checks_books);
  CHECK_FALSE(client.gateway.asked_damage->looks_for_doubled);
}

TEST_CASE("an assessment is asked for in words that are known",
          "[assessment]") {
  route_client client;
  CHECK(send(client, "GET", "assess?books=no").status == 422);
  CHECK(send(client, "GET", "assess?all=1").status == 422);
  client.gateway.outage = db::error{db::errc::unavailable, "gone", {}};
  CHECK(send(client, "GET", "assess").status == 503);
}

TEST_CASE("a recovery mends what was found, and names the rest",
          "[assessment]") {
  route_client client;
  client.gateway.damage = damaged();
  client.gateway.recovery = {.rescued = 2, .quarantined = 1, .unqueued = 1};
  const auto answer =
      send(client, "POST", "recover", R"({"actor":"ada","reason":"ticket 7"})");
  REQUIRE(answer.status == 200);
  const auto body = answer.json();
  CHECK(body.at("dry_run") == false);
  CHECK(body.at("rescued") == 2);
  CHECK(body.at("unqueued") == 1);
  CHECK(body.at("has_more") == false);
  CHECK(codes(body.at("left")) ==
        std::vector<std::string>{"in_log_with_other_contents",
                                 "not_where_the_books_have_it", "quarantined",
                                 "silent_nodes"});
  CHECK(body.at("faults").size() == 2);
  REQUIRE(client.gateway.orders.size() == 1);
  CHECK(client.gateway.orders.front().actor == "ada");
  CHECK(client.gateway.orders.front().reason == "ticket 7");
  CHECK(client.gateway.orders.front().ids.size() == 2);
  CHECK(client.gateway.polls == 1);
}

TEST_CASE("a dry run of a recovery writes nothing", "[assessment]") {
  route_client client;
  client.gateway.damage = damaged();
  const auto body =
      send(client, "POST", "recover", R"({"dry_run":true})").json();
  CHECK(body.at("dry_run") == true);
  CHECK(body.at("rescued") == 2);
  CHECK(body.at("quarantined") == 1);
  CHECK(body.at("unqueued") == 1);
  CHECK(client.gateway.orders.empty());
  CHECK(client.gateway.acts.empty());
  CHECK(client.gateway.polls == 0);
}

TEST_CASE("more than is mended at once is said to be left", "[assessment]") {
  route_client client;
  client.gateway.damage.doubled_count = 20'000;
  client.gateway.damage.doubled.resize(10'000);
  const auto body = send(client, "POST", "recover").json();
  CHECK(body.at("has_more") == true);
  CHECK(body.at("books_checked") == false);
  CHECK(client.gateway.orders.size() == 10);
  CHECK(client.gateway.orders.back().ids.size() == 1'000);
}

TEST_CASE("an event is shown in each place that it is in", "[inspection]") {
  route_client client;
  db::item_record queued;
  queued.where = db::event_view::place::quarantined;
  queued.item.last_error = "bad";
  queued.payload_bytes = 7;
  queued.payload = "{\"a\":1}";
  db::item_record stored;
  stored.where = db::event_view::place::stored;
  stored.stored_at = db::timestamp{};
  client.gateway.records = {queued, stored};
  const auto path = "queue/" + db::event_id::generate().to_string();
  auto body = send(client, "GET", path).json();
  REQUIRE(body.at("places").size() == 2);
  CHECK(body.at("places").at(0).at("status") == "quarantined");
  CHECK(body.at("places").at(0).at("payload_bytes") == 7);
  CHECK(body.at("places").at(0).at("payload") == nullptr);
  CHECK(body.at("places").at(1).at("status") == "stored");
  CHECK(body.at("places").at(1).at("due_at") == nullptr);
  body = send(client, "GET", path + "?payload=true").json();
  CHECK(body.at("places").at(0).at("payload") == "{\"a\":1}");
  CHECK(send(client, "GET", path + "?payload=yes").status == 422);
  CHECK(send(client, "GET", "queue/nothing").status == 404);
  client.gateway.records.clear();
  CHECK(send(client, "GET", path).status == 404);
}
