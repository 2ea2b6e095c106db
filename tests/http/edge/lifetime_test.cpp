#include <catch2/catch.hpp>

#include <sys/socket.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/http/edge/edge_server.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

auto with(std::chrono::milliseconds request, std::chrono::milliseconds idle) {
  auto options = edge_server::quick_options();
  options.request_timeout = request;
  options.idle_timeout = idle;
  return options;
}

http::response plain(std::string body) {
  http::response out;
  out.body = std::move(body);
  return out;
}

/// Sends a byte now and then until the server has enough of it.
std::optional<raw_answer> drip(raw_socket &client, std::string_view bytes) {
  for (const char &byte : bytes) {
    if (!client.is_silent() || !client.send(std::string_view(&byte, 1))) {
      break;
    }
    std::this_thread::sleep_for(20ms);
  }
  return client.read_answer();
}

} // namespace

TEST_CASE("a slow client is cut at the deadline of the whole request") {
  edge_server edge(with(200ms, 10s));
  const std::string endless(10'000, 'x');
  for (const std::string start :
       {"GET /health HTTP/1.1\r\nX: ",
        "POST /api/events HTTP/1.1\r\nHost: e\r\nContent-Length: 900\r\n\r\n",
        "POST /api/events HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3e8\r\n"}) {
    INFO(start);
    auto client = edge.connect();
    REQUIRE(client.send(start));
    const auto begun = steady_clock::now();
    const auto answer = drip(client, endless);
    const auto took = steady_clock::now() - begun;
    REQUIRE(answer);
    CHECK(answer->status == 408);
    CHECK(took < 3s);
    client.end();
    CHECK(client.is_closed_by_peer());
  }
}

TEST_CASE("a client that stalls gets a time-out") {
  edge_server edge(with(100ms, 10s));
  auto client = edge.connect();
  REQUIRE(client.send("GET /health HT"));
  const auto answer = client.read_answer();
  REQUIRE(answer);
  CHECK(answer->status == 408);
  CHECK(answer->body.find("request-timeout") != std::string::npos);
}

TEST_CASE("an idle connection is closed without a word") {
  edge_server edge(with(10s, 100ms));
  auto silent = edge.connect();
  auto used = edge.connect();
  REQUIRE(used.send(get("/health")));
  REQUIRE(used.read_answer());
  CHECK(silent.is_closed_by_peer());
  CHECK(used.is_closed_by_peer());
}

TEST_CASE("a client that takes no answer is given up") {
  auto options = edge_server::quick_options();
  options.write_timeout = 50ms;
  edge_server edge(options);
  auto client = edge.connect();
  // Far more than the kernel buffers; the requests behind it wait in vain.
  for (int i = 0; i < 20; ++i) {
    client.send(get("/large"));
  }
  edge.server().stop(0ms);
  CHECK(edge.handled() < 20);
}

TEST_CASE("the connection over the limit is turned away") {
  auto options = edge_server::quick_options();
  options.max_connections = 3;
  edge_server edge(options);
  std::vector<raw_socket> taken;
  for (int i = 0; i < 3; ++i) {
    taken.push_back(edge.connect());
    REQUIRE(taken.back().send(get("/health")));
    REQUIRE(taken.back().read_answer().value().status == 200);
  }
  for (int i = 0; i < 20; ++i) {
    auto over = edge.connect();
    over.send(get("/health"));
    const auto answer = over.read_answer();
    REQUIRE(answer);
    CHECK(answer->status == 503);
    CHECK(answer->headers.at("retry-after") == "1");
    CHECK(answer->headers.at("connection") == "close");
    CHECK(answer->body.find("too-many-connections") != std::string::npos);
    CHECK(over.is_closed_by_peer());
  }
  CHECK(edge.handled() == 3);

  taken.pop_back();
  int status = 503;
  for (const auto limit = steady_clock::now() + raw_socket::patience;
       status == 503 && steady_clock::now() < limit;) {
    auto next = edge.connect();
    next.send(get("/health"));
    const auto answer = next.read_answer();
    status = answer ? answer->status : 503;
  }
  CHECK(status == 200);
}

TEST_CASE("a client that asks without end leaves others their turn") {
  edge_server edge;
  auto greedy = edge.connect();
  std::atomic<bool> is_over{false};
  std::string many;
  for (int i = 0; i < 200; ++i) {
    many += get("/nothing/here");
  }
  std::thread asks([&] {
    while (!is_over.load() && greedy.send(many)) {
    }
    greedy.end();
  });
  std::thread reads([&] { greedy.read_to_end(); });
  for (int i = 0; i < 50; ++i) {
    auto other = edge.connect();
    CHECK(other.send(get("/health")));
    CHECK(other.read_answer().has_value());
  }
  is_over.store(true);
  asks.join();
  reads.join();
}

TEST_CASE("a refusal is read although its request was not") {
  edge_server edge;
  for (int i = 0; i < 20; ++i) {
    auto client = edge.connect();
    REQUIRE(client.send("POST /nothing HTTP/1.1\r\nHost: e\r\n"
                        "Connection: close\r\nContent-Length: 900\r\n\r\n"));
    // The answer is on its way by now; the body comes all the same.
    client.send(std::string(900, 'x'));
    const auto answer = client.read_answer();
    REQUIRE(answer);
    CHECK(answer->status == 404);
    CHECK(client.is_closed_by_peer());
  }
}

TEST_CASE("kept-alive connections never hold up a new one") {
  edge_server edge;
  std::vector<raw_socket> kept;
  for (int i = 0; i < 200; ++i) {
    kept.push_back(edge.connect());
    REQUIRE(kept.back().send(get("/health")));
    REQUIRE(kept.back().read_answer());
  }
  for (auto &each : kept) {
    REQUIRE(each.send(get("/health")));
  }
  for (auto &each : kept) {
    REQUIRE(each.read_answer());
  }
}

TEST_CASE("an answer that was begun comes whenever it is ready") {
  edge_server edge;
  auto one = edge.connect();
  auto two = edge.connect();
  REQUIRE(one.send(get("/begins") + get("/health")));
  const auto to_one = edge.await_begun();
  REQUIRE(two.send(get("/begins")));
  const auto to_two = edge.await_begun();
  CHECK(one.is_silent());
  to_two([] { return plain("two"); });
  CHECK(two.read_answer().value().body == "two");
  std::thread([&] { to_one([] { return plain("one"); }); }).join();
  CHECK(one.read_answer().value().body == "one");
  // The request behind it was kept waiting, and is served.
  CHECK(one.read_answer().value().body == "{}");
}

TEST_CASE("a route that can't begin without waiting gets a thread") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send(get("/begins/no")));
  CHECK(client.read_answer().value().body == "waited");
}

TEST_CASE("an answer that comes too late is not another request's") {
  auto options = edge_server::quick_options();
  options.answer_timeout = 50ms;
  edge_server edge(options);
  auto client = edge.connect();
  REQUIRE(client.send(get("/begins")));
  const auto late = edge.await_begun();
  const auto answer = client.read_answer();
  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(answer->body.find("too-late") != std::string::npos);
  REQUIRE(client.send(get("/begins")));
  const auto next = edge.await_begun();
  late([] { return plain("late"); });
  next([] { return plain("next"); });
  CHECK(client.read_answer().value().body == "next");
}

TEST_CASE("an answer for a client that is gone, or after the end, is dropped") {
  http::reply_sink after_the_end;
  {
    edge_server edge;
    std::optional<raw_socket> client(edge.connect());
    REQUIRE(client->send(get("/begins")));
    const auto to_nobody = edge.await_begun();
    client.reset();
    to_nobody([] { return plain("nobody"); });
    auto other = edge.connect();
    REQUIRE(other.send(get("/begins")));
    after_the_end = edge.await_begun();
    edge.server().stop(0ms);
  }
  after_the_end([] { return plain("after the end"); });
}

TEST_CASE("an answer that can't be made is a 500") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send(get("/begins")));
  edge.await_begun()(
      []() -> http::response { throw std::runtime_error("secret"); });
  const auto answer = client.read_answer();
  REQUIRE(answer);
  CHECK(answer->status == 500);
  CHECK(answer->body.find("secret") == std::string::npos);
}

TEST_CASE("stop cuts idle connections at once") {
  edge_server edge;
  std::vector<raw_socket> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(edge.connect());
    if (i % 2 == 0) {
      REQUIRE(idle.back().send(get("/health")));
      REQUIRE(idle.back().read_answer());
    }
  }
  const auto begun = steady_clock::now();
  edge.server().stop(10s);
  CHECK(steady_clock::now() - begun < 5s);
  for (auto &each : idle) {
    CHECK(each.is_closed_by_peer());
  }
  CHECK_THROWS(edge.connect());
  edge.server().stop();
}

TEST_CASE("stop lets a begun request finish, and says close") {
  edge_server edge;
  auto busy = edge.connect();
  auto idle = edge.connect();
  REQUIRE(busy.send(get("/waits")));
  edge.await_waiting();
  std::thread stopping([&] { edge.server().stop(10s); });
  // The idle one is cut while the busy one still works.
  const bool is_idle_cut = idle.is_closed_by_peer();
  const bool is_busy_silent = busy.is_silent();
  edge.release();
  const auto answer = busy.read_answer();
  stopping.join();
  CHECK(is_idle_cut);
  CHECK(is_busy_silent);
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->headers.at("connection") == "close");
  CHECK(busy.is_closed_by_peer());
}

TEST_CASE("stop does not wait longer than its grace for a slow sender") {
  edge_server edge(with(10s, 10s));
  auto slow = edge.connect();
  REQUIRE(slow.send("POST /api/events HTTP/1.1\r\nHost: e\r\nExpect: "
                    "100-continue\r\nContent-Length: 9\r\n\r\n"));
  REQUIRE(slow.read_answer(false).value().status == 100);
  const auto begun = steady_clock::now();
  edge.server().stop(50ms);
  CHECK(steady_clock::now() - begun < 5s);
}

TEST_CASE("a server that was never started lets go of its port") {
  sluice::http::server first({.listen = "127.0.0.1:0"}, {});
  const std::string same = "127.0.0.1:" + std::to_string(first.port());
  CHECK_THROWS_WITH(sluice::http::server({.listen = same}, {}),
                    Catch::Contains(same) && Catch::Contains("in use"));
  first.stop();
  CHECK_NOTHROW(sluice::http::server({.listen = same}, {}));
}

TEST_CASE("an address that can't be had is named") {
  for (const std::string listen :
       {"nonsense", "127.0.0.1:", "127.0.0.1:99999", ":1", "127.0.0.1:1x",
        "no.such.host.invalid:0"}) {
    INFO(listen);
    CHECK_THROWS_WITH(sluice::http::server({.listen = listen}, {}),
                      Catch::Contains(listen));
  }
}

TEST_CASE("a listener that breaks is made anew") {
  edge_server edge;
  for (int fd = 0; fd < 1024; ++fd) {
    int accepts = 0;
    socklen_t size = sizeof accepts;
    if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0 &&
        accepts != 0) {
      ::shutdown(fd, SHUT_RDWR);
    }
  }
  int status = 0;
  for (const auto limit = steady_clock::now() + raw_socket::patience;
       status == 0 && steady_clock::now() < limit;) {
    try {
      auto client = edge.connect();
      client.send(get("/health"));
      status = client.read_answer().value_or(raw_answer{}).status;
    } catch (const std::system_error &) {
      std::this_thread::sleep_for(10ms);
    }
  }
  CHECK(status == 200);
}
