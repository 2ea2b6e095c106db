#include "http/out/webhook_sender.hpp"

#include <future>

#include <catch2/catch.hpp>

#include "http/out/standard_webhooks.hpp"
#include "sluice_version.hpp"
#include "tests/http/out/outbox.hpp"
#include "tests/http/out/receiver.hpp"

namespace sluice::tests {

namespace {

using kind = actors::webhook_answer::kind;

/// Answers the first request and hands it over.
receiver::behaviour handing_over(std::promise<received_request> &to,
                                 const std::string &answer) {
  return [&to, answer](receiver_connection &connection) {
    if (auto request = connection.read_request()) {
      to.set_value(*std::move(request));
      connection.send(answer);
    }
  };
}

} // namespace

TEST_CASE("a webhook arrives as it was accepted, and signed") {
  std::promise<received_request> arrived;
  const receiver to(handing_over(arrived, http_answer(200, R"({"ok":true})")));
  outbox from;
  auto request = from.request(to.url());
  request.headers = {{"X-Team", "billing"}, {"Authorization", "Bearer t"}};
  const auto other = http::make_webhook_secret().value();
  request.secrets.push_back(from.box().seal(other).value());
  from.port().send({request});
  const auto answer = from.wait_for(1).front();
  CHECK(answer.error.empty());
  REQUIRE(answer.what == kind::answered);
  CHECK(answer.token == request.token);
  CHECK(answer.status == 200);
  CHECK(answer.head == R"({"ok":true})");
  CHECK(answer.duration.count() > 0);

  const auto got = arrived.get_future().get();
  CHECK(got.line == "POST /hook?a=b HTTP/1.1");
  CHECK(got.body == R"({"id":"evt_1","type":"invoice.paid",)"
                    R"("timestamp":"2023-11-14T22:13:20.000000Z",)"
                    R"("data":{"amount" : 1.50}})");
  CHECK(got.headers.at("content-type") == "application/json");
  CHECK(got.headers.at("user-agent") == std::string("Sluice/") + version);
  CHECK(got.headers.at("host") == "127.0.0.1:" + std::to_string(to.port()));
  CHECK(got.headers.at("x-team") == "billing");
  CHECK(got.headers.at("authorization") == "Bearer t");
  CHECK(got.headers.count("expect") == 0);
  CHECK(got.headers.count("accept-encoding") == 0);
  CHECK(got.headers.at("webhook-id") == "evt_1");
  const auto at = std::stoll(got.headers.at("webhook-timestamp"));
  const auto sign = [&](std::string_view secret) {
    return http::webhook_signature(http::webhook_key(secret).value(), "evt_1",
                                   at, got.body);
  };
  CHECK(got.headers.at("webhook-signature") ==
        sign(outbox::secret) + ' ' + sign(other));
}

TEST_CASE("every status is an answer") {
  const int status = GENERATE(200, 201, 204, 301, 400, 404, 410, 500, 503, 599);
  const receiver to(answering(http_answer(status)));
  outbox from;
  const auto answer = from.send_one(to.url());
  CHECK(answer.what == kind::answered);
  CHECK(answer.status == status);
  CHECK_FALSE(answer.retry_after);
}

TEST_CASE("an answer's Retry-After is read") {
  const receiver to(answering(http_answer(503, "", "Retry-After: 120\r\n")));
  outbox from;
  CHECK(from.send_one(to.url()).retry_after == std::chrono::seconds(120));
}

TEST_CASE("a redirect is an answer, and leads nowhere") {
  const receiver inner(answering(http_answer(200)));
  const receiver to(
      answering(http_answer(302, "", "Location: " + inner.url() + "\r\n")));
  outbox from;
  const auto answer = from.send_one(to.url());
  CHECK(answer.what == kind::answered);
  CHECK(answer.status == 302);
  CHECK(inner.connections() == 0);
}

TEST_CASE("a connection carries one request after the other") {
  const receiver to(answering(http_answer(200, "fine")));
  outbox from;
  for (int i = 0; i < 20; ++i)
    REQUIRE(from.send_one(to.url()).status == 200);
  CHECK(to.connections() == 1);
}

TEST_CASE("a connection that its receiver has closed is made anew") {
  const receiver to([](receiver_connection &connection) {
    if (connection.read_request())
      connection.send(http_answer(200));
  });
  outbox from;
  for (int i = 1; i <= 20; ++i) {
    REQUIRE(from.send_one(to.url()).status == 200);
    // What is sent while it closes may fail, and is sent again later.
    REQUIRE(to.has_closed(i));
  }
  CHECK(to.connections() == 20);
}

TEST_CASE("as many requests as are sent are in flight at once") {
  constexpr int count = 100;
  std::mutex mutex;
  std::condition_variable changed;
  int arrived = 0;
  const receiver to([&](receiver_connection &connection) {
    if (!connection.read_request())
      return;
    std::unique_lock lock(mutex);
    ++arrived;
    changed.notify_all();
    changed.wait_for(lock, std::chrono::seconds(20),
                     [&] { return arrived == count; });
    connection.send(http_answer(200));
  });
  outbox from;
  from.send(to.url(), count);
  std::vector<std::uint64_t> tokens;
  for (const auto &each : from.wait_for(count)) {
    CHECK(each.status == 200);
    tokens.push_back(each.token);
  }
  std::sort(tokens.begin(), tokens.end());
  CHECK(std::unique(tokens.begin(), tokens.end()) == tokens.end());
}

TEST_CASE("a webhook that no secret can be unsealed for is not sent") {
  const receiver to(answering(http_answer(200)));
  outbox from;
  auto request = from.request(to.url());
  request.secrets = {"nonsense", from.box().seal("no secret").value()};
  from.port().send({request});
  const auto answer = from.wait_for(1).front();
  CHECK(answer.what == kind::refused);
  CHECK(answer.error == "none of the endpoint's secrets can be unsealed");
  CHECK(to.connections() == 0);
}

TEST_CASE("a webhook with a header that splits the request is not sent") {
  const receiver to(answering(http_answer(200)));
  outbox from;
  auto request = from.request(to.url());
  request.headers = {{"X-Note", "a\r\nHost: other"}};
  from.port().send({request});
  CHECK(from.wait_for(1).front().what == kind::refused);
  CHECK(to.connections() == 0);
}

TEST_CASE("new settings hold for what is sent after them") {
  const receiver to(answering(http_answer(200)));
  outbox from;
  CHECK(from.send_one(to.url()).what == kind::answered);
  auto narrower = from.settings();
  narrower.allow_networks.clear();
  from.port().apply(narrower);
  CHECK(from.send_one(to.url()).what == kind::refused);
  from.port().apply(from.settings());
  CHECK(from.send_one(to.url()).what == kind::answered);
}

TEST_CASE("a port closes within a second, with a hundred in flight") {
  std::atomic<int> arrived = 0;
  std::promise<void> all;
  const receiver to([&](receiver_connection &connection) {
    if (connection.read_request() && ++arrived == 100)
      all.set_value();
    connection.wait_for_end();
  });
  outbox from;
  from.send(to.url(), 100);
  REQUIRE(all.get_future().wait_for(std::chrono::seconds(20)) ==
          std::future_status::ready);
  const auto begun = std::chrono::steady_clock::now();
  from.close();
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(1));
}

TEST_CASE("a port without a box is none") {
  CHECK(http::open_webhook_sender({})(
            {}, [](const std::vector<actors::webhook_answer> &) {}) == nullptr);
}

} // namespace sluice::tests
