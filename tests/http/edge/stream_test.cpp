#include <catch2/catch.hpp>

#include <thread>

#include "tests/http/edge/edge_server.hpp"

using namespace sluice;
using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

bool ends(const edge_server &edge) {
  for (int tries = 0; tries < 2000 && edge.streams() > 0; ++tries) {
    std::this_thread::sleep_for(10ms);
  }
  return edge.streams() == 0;
}

std::string body_of(const std::string &answer) {
  const auto at = answer.find("\r\n\r\n");
  REQUIRE(at != std::string::npos);
  return answer.substr(at + 4);
}

} // namespace

TEST_CASE("a streamed body is sent piece by piece, and ends the connection") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send(get("/streams")));
  edge.await_piece()({.bytes = "one;"});
  edge.await_piece()({.bytes = ""});
  edge.await_piece()({.bytes = std::string(3'000'000, 'x')});
  edge.await_piece()({.bytes = ";last", .is_last = true});
  const auto answer = client.read_to_end();
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  CHECK(answer.find("Content-Length") == std::string::npos);
  CHECK(body_of(answer) ==
        "begun;one;" + std::string(3'000'000, 'x') + ";last");
  CHECK(ends(edge));
}

TEST_CASE("no further piece is asked for while the last one is not taken") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send(get("/streams")));
  std::string more_than_fits;
  more_than_fits.resize(64'000'000, 'x');
  edge.await_piece()({.bytes = more_than_fits});
  std::atomic<bool> is_asked{false};
  std::thread waits([&] {
    auto piece = edge.await_piece();
    is_asked = true;
    piece({.bytes = "", .is_last = true});
  });
  // Others are served meanwhile, so that this is not for want of a turn.
  for (int times = 0; times < 50; ++times) {
    auto other = edge.connect();
    REQUIRE(other.send(get("/health")));
    REQUIRE(other.read_answer());
  }
  CHECK_FALSE(is_asked);
  CHECK(body_of(client.read_to_end()).size() == 64'000'006);
  waits.join();
}

TEST_CASE("a stream is given up with its reader") {
  edge_server edge;
  SECTION("between two pieces") {
    {
      auto client = edge.connect();
      REQUIRE(client.send(get("/streams")));
      edge.await_piece();
      CHECK(edge.streams() == 1);
    }
    CHECK(ends(edge));
  }
  SECTION("who closes its side") {
    auto client = edge.connect();
    REQUIRE(client.send(get("/streams")));
    edge.await_piece();
    client.end();
    CHECK(ends(edge));
    CHECK(body_of(client.read_to_end()) == "begun;");
  }
}

TEST_CASE("a stream ends when the server stops") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send(get("/streams")));
  auto piece = edge.await_piece();
  edge.server().stop(10s);
  CHECK(body_of(client.read_to_end()) == "begun;");
  CHECK(ends(edge));
  // Too late, and dropped.
  piece({.bytes = "more"});
}

TEST_CASE("HEAD of a stream is its head") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send("HEAD /streams HTTP/1.1\r\nHost: edge\r\n\r\n"));
  CHECK(body_of(client.read_to_end()).empty());
  CHECK(ends(edge));
}
