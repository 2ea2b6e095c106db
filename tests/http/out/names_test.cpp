#include <atomic>

#include <catch2/catch.hpp>

#include "tests/http/out/name_server.hpp"
#include "tests/http/out/outbox.hpp"
#include "tests/http/out/receiver.hpp"

namespace sluice::tests {

namespace {

using kind = actors::webhook_answer::kind;
using std::chrono::milliseconds;

using list = std::vector<std::string>;

name_server::zone always(list addresses) {
  return [addresses = std::move(addresses)](const std::string &) {
    return addresses;
  };
}

std::string at_port(int port) {
  return "https://hooks.example.com:" + std::to_string(port) + "/x";
}

} // namespace

TEST_CASE("a name is looked up and keeps its Host") {
  std::atomic<bool> has_host = false;
  const receiver to([&](receiver_connection &connection) {
    while (const auto request = connection.read_request()) {
      has_host = request->headers.at("host").starts_with("receiver.internal:");
      connection.send(http_answer(200));
    }
  });
  const name_server names(always({"127.0.0.1"}));
  outbox from({.name_servers = names.address()});
  const auto answer = from.send_one(to.url("Receiver.Internal"));
  CHECK(answer.error.empty());
  CHECK(answer.status == 200);
}

TEST_CASE("localhost is its addresses that are allowed, without a look-up") {
  const receiver to(answering(http_answer(200)));
  const name_server names(nullptr);
  outbox from(
      {.allow_networks = {"127.0.0.0/8"}, .name_servers = names.address()});
  CHECK(from.send_one(to.url("localhost")).status == 200);
  CHECK(from.send_one(to.url("a.localhost")).status == 200);
  CHECK(names.queries() == 0);
}

TEST_CASE("a name with one address that is not allowed is refused") {
  const receiver to(answering(http_answer(200)));
  const auto inside =
      GENERATE(as<std::string>(), "127.0.0.1", "10.1.2.3", "::1", "fd00::1",
               "64:ff9b::7f00:1", "::ffff:127.0.0.1", "169.254.169.254");
  const name_server names(always({"93.184.216.34", inside}));
  outbox from({.allow_networks = {}, .name_servers = names.address()});
  const auto answer = from.send_one("https://hooks.example.com/x");
  CHECK(answer.what == kind::refused);
  CHECK(answer.error == "the address of the URL is not one that webhooks are "
                        "sent to");
  CHECK(to.connections() == 0);
}

TEST_CASE("a forbidden listener stays so in an allowed network") {
  const receiver own(answering(http_answer(200)));
  const auto port = static_cast<std::uint16_t>(own.port());
  const auto listens_on =
      GENERATE(as<std::string>(), "127.0.0.1", "0.0.0.0", "::", "localhost");
  const name_server names(always({"127.0.0.1"}));
  outbox from({.forbidden = http::targets_of_listener(listens_on, port).value(),
               .name_servers = names.address()});
  for (const auto *host : {"127.0.0.1", "[::ffff:127.0.0.1]", "own.internal"}) {
    CAPTURE(host);
    CHECK(from.send_one(own.url(host)).what == kind::refused);
  }
  CHECK(own.connections() == 0);
  const receiver other(answering(http_answer(200)));
  CHECK(from.send_one(other.url()).status == 200);
}

TEST_CASE("a name that changes its mind never reaches a forbidden listener") {
  const receiver own(answering(http_answer(200)));
  // Now here, now there: to the look-up that is judged, and to any after it.
  std::atomic<int> turn = 0;
  const name_server names([&](const std::string &) {
    return turn++ % 3 == 0 ? list{"127.0.0.1"} : list{"127.0.0.2"};
  });
  const auto port = static_cast<std::uint16_t>(own.port());
  outbox from(
      {.allow_networks = {"127.0.0.2"},
       .forbidden = http::targets_of_listener("127.0.0.1", port).value(),
       .name_servers = names.address()});
  int refused = 0;
  constexpr int count = 60;
  for (int i = 0; i < count; ++i)
    refused += from.send_one(at_port(own.port())).what == kind::refused;
  CHECK(refused > 0);
  CHECK(refused < count);
  CHECK(own.connections() == 0);
}

TEST_CASE("a name that does not exist fails") {
  const name_server names(always({}));
  outbox from({.name_servers = names.address()});
  const auto answer = from.send_one("https://no.example.com/x");
  CHECK(answer.what == kind::failed);
  CHECK(answer.error == "the host's name has no address");
}

TEST_CASE("a silent name server takes no more than the time to connect") {
  const name_server names(nullptr);
  outbox from(
      {.name_servers = names.address(), .connect_timeout = milliseconds(200)});
  const auto answer = from.send_one("https://slow.example.com/x");
  CHECK(answer.what == kind::failed);
  CHECK(answer.error == "could not look up the host's name in time");
  CHECK(answer.duration >= milliseconds(190));
  CHECK(answer.duration < milliseconds(2000));
}

TEST_CASE("requests to one name share a look-up") {
  const receiver to(answering(http_answer(200)));
  const name_server names(always({"127.0.0.1"}));
  outbox from({.name_servers = names.address()});
  from.send(to.url("shared.internal"), 50);
  for (const auto &each : from.wait_for(50))
    CHECK(each.status == 200);
  // One of each family.
  CHECK(names.queries() == 2);
}

TEST_CASE("a port closes with look-ups under way") {
  const name_server names(nullptr);
  outbox from({.name_servers = names.address()});
  for (int i = 0; i < 50; ++i)
    from.send("https://n" + std::to_string(i) + ".example.com/x");
  const auto begun = std::chrono::steady_clock::now();
  from.close();
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(1));
}

} // namespace sluice::tests
