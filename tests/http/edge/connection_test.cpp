#include <catch2/catch.hpp>

#include "tests/http/edge/edge_server.hpp"

using namespace sluice::tests;
using namespace std::chrono_literals;

namespace {

void check_next(raw_socket &client, int status, const std::string &body) {
  const auto answer = client.read_answer();
  REQUIRE(answer);
  CHECK(answer->status == status);
  CHECK(answer->body == body);
}

} // namespace

TEST_CASE("a thousand requests share a connection, each with its own id") {
  edge_server edge;
  auto client = edge.connect();
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(client.send(post(std::to_string(i))));
    const auto answer = client.read_answer();
    REQUIRE(answer);
    REQUIRE(answer->status == 202);
    REQUIRE(answer->body == std::to_string(i));
    REQUIRE(answer->headers.at("x-request-id") > last);
    REQUIRE(answer->headers.count("connection") == 0);
    last = answer->headers.at("x-request-id");
  }
}

TEST_CASE("pipelined requests are answered in order") {
  edge_server edge;
  auto client = edge.connect();
  std::string all;
  for (int i = 0; i < 2000; ++i) {
    all += i % 3 == 0 ? get("/api/events/" + std::to_string(i))
           : i % 3 == 1
               ? post(std::to_string(i))
               : "POST /api/events HTTP/1.1\r\nHost: e\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n4\r\n" +
                     std::to_string(10000 + i).substr(1) + "\r\n0\r\n\r\n";
  }
  REQUIRE(client.send(all));
  for (int i = 0; i < 2000; ++i) {
    const auto answer = client.read_answer();
    REQUIRE(answer);
    REQUIRE(answer->status == (i % 3 == 0 ? 200 : 202));
    REQUIRE(std::stoi(answer->body) == i);
  }
  CHECK(client.is_silent());
}

TEST_CASE("requests may come a byte at a time") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send_bytewise(post("{\"a\":1}") + get("/api/events/7")));
  REQUIRE(client.send_bytewise(
      "POST /api/events HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: "
      "CHUNKED\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\n000\r\n\r\n"));
  check_next(client, 202, "{\"a\":1}");
  check_next(client, 200, "7");
  check_next(client, 202, "abc0123456789");
}

TEST_CASE("a body is taken up to the limit of its route") {
  edge_server edge;
  auto client = edge.connect();
  const std::string body(1000, 'x');
  REQUIRE(client.send(post(body)));
  check_next(client, 202, body);
  REQUIRE(client.send("POST /api/events HTTP/1.1\r\nHost: e\r\nTransfer-"
                      "Encoding: chunked\r\n\r\n3e8\r\n" +
                      body + "\r\n0\r\n\r\n"));
  check_next(client, 202, body);
}

TEST_CASE("limits of a head are inclusive") {
  edge_server edge;
  auto client = edge.connect();
  std::string fields;
  for (int i = 0; i < 63; ++i) {
    fields += "X: " + std::to_string(i) + "\r\n";
  }
  REQUIRE(client.send(get("/health", fields)));
  check_next(client, 200, "{}");
  REQUIRE(client.send(
      get("/health", "X: " + std::string(8 * 1024 - 3, 'x') + "\r\n")));
  check_next(client, 200, "{}");
  const std::string id(1024 - 12, 'x');
  REQUIRE(client.send(get("/api/events/" + id)));
  check_next(client, 200, id);
}

TEST_CASE("handlers get decoded paths, lower-case names, trimmed values") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send(get("/echo?a=1&b=%26+x&a=&c", "X-Key: \t v w \t\r\n")));
  check_next(client, 200, "host=edge\nx-key=v w\n?a=1\n?b=& x\n?a=\n?c=\n");
  REQUIRE(client.send(get("/api/%65vents/a%20b")));
  check_next(client, 200, "a b");
  REQUIRE(client.send("GET http://edge/api/events/5?x HTTP/1.1\r\n"
                      "Host: other\r\n\r\n"));
  check_next(client, 200, "5");
}

TEST_CASE("another method is refused with those that are allowed") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send("PUT /api/events HTTP/1.1\r\nHost: e\r\n"
                      "Content-Length: 0\r\n\r\n"));
  auto answer = client.read_answer();
  REQUIRE(answer);
  CHECK(answer->status == 405);
  CHECK(answer->headers.at("allow") == "POST, OPTIONS");
  REQUIRE(client.send("OPTIONS /api/events/1 HTTP/1.1\r\nHost: e\r\n\r\n"));
  answer = client.read_answer();
  REQUIRE(answer);
  CHECK(answer->status == 204);
  CHECK(answer->headers.at("allow") == "GET, HEAD, DELETE, OPTIONS");
  CHECK(answer->headers.count("content-length") == 0);
  REQUIRE(client.send("OPTIONS * HTTP/1.1\r\nHost: e\r\n\r\n"));
  answer = client.read_answer();
  REQUIRE(answer);
  CHECK(answer->status == 204);
}

TEST_CASE("HEAD is answered as GET, without the body") {
  edge_server edge;
  auto client = edge.connect();
  const std::string rest = " HTTP/1.1\r\nHost: e\r\n\r\n";
  REQUIRE(client.send("HEAD /api/events/123" + rest));
  const auto answer = client.read_answer(false);
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->headers.at("content-length") == "3");
  REQUIRE(client.send("HEAD /nope" + rest));
  CHECK(client.read_answer(false).value().status == 404);
  REQUIRE(client.send(get("/health")));
  check_next(client, 200, "{}");
}

TEST_CASE("a range is not applied") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send(get("/api/events/12345", "Range: bytes=0-1,0-1\r\n")));
  check_next(client, 200, "12345");
}

TEST_CASE("HTTP/1.0 closes unless it is asked not to") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(
      client.send("GET /health HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  const auto answer = client.read_answer();
  REQUIRE(answer);
  CHECK(answer->headers.at("connection") == "keep-alive");
  REQUIRE(client.send("GET /health HTTP/1.0\r\n\r\n"));
  check_next(client, 200, "{}");
  CHECK(client.is_closed_by_peer());
}

TEST_CASE("a client that asks for it is closed") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send(get("/health", "Connection: TE, Close\r\n")));
  const auto answer = client.read_answer();
  REQUIRE(answer);
  CHECK(answer->headers.at("connection") == "close");
  CHECK(client.is_closed_by_peer());
}

TEST_CASE("a half closed client gets its answers") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send(post("1") + post("2")));
  client.end();
  check_next(client, 202, "1");
  check_next(client, 202, "2");
  CHECK(client.is_closed_by_peer());
}

TEST_CASE("a body that ends early is a time-out, at once") {
  edge_server edge;
  for (const std::string part :
       {"GET /hea", "GET /health HTTP/1.1\r\nHost: e\r\n",
        "POST /api/events HTTP/1.1\r\nHost: e\r\nContent-Length: 9\r\n\r\n{}",
        "POST /api/events HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: "
        "chunked\r\n\r\n9\r\n{}"}) {
    INFO(part);
    auto client = edge.connect();
    REQUIRE(client.send(part));
    client.end();
    const auto answer = client.read_answer();
    REQUIRE(answer);
    CHECK(answer->status == 408);
    CHECK(answer->headers.at("connection") == "close");
    CHECK(client.is_closed_by_peer());
  }
  CHECK(edge.handled() == 0);
}

TEST_CASE("100 is sent when the body is waited for, and only then") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send("POST /api/events HTTP/1.1\r\nHost: e\r\nExpect: "
                      "100-Continue\r\nContent-Length: 2\r\n\r\n"));
  CHECK(client.read_answer(false).value().status == 100);
  REQUIRE(client.send("{}"));
  check_next(client, 202, "{}");
  REQUIRE(client.send(post("[]", "Expect: 100-continue\r\n")));
  check_next(client, 202, "[]");

  auto refused = edge.connect();
  REQUIRE(refused.send("POST /api/events HTTP/1.1\r\nHost: e\r\nExpect: "
                       "100-continue\r\nContent-Length: 1001\r\n\r\n"));
  CHECK(refused.read_answer().value().status == 413);
  CHECK(refused.is_closed_by_peer());
}

TEST_CASE("an exception becomes a 500 that says nothing of it") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send(get("/throws")));
  const auto answer = client.read_answer();
  REQUIRE(answer);
  CHECK(answer->status == 500);
  CHECK(answer->body.find("urn:sluice:problem:internal") != std::string::npos);
  CHECK(answer->body.find("secret") == std::string::npos);
  CHECK(answer->body.find(answer->headers.at("x-request-id")) !=
        std::string::npos);
  REQUIRE(client.send(get("/health")));
  check_next(client, 200, "{}");
}

TEST_CASE("a large answer arrives whole") {
  edge_server edge;
  auto client = edge.connect();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(client.send(get("/large")));
    CHECK(client.read_answer().value().body.size() == 4'000'000);
  }
}

TEST_CASE("a POST without a length is fine where no body is taken") {
  edge_server edge;
  auto client = edge.connect();
  REQUIRE(client.send("POST /api/events/1/pause HTTP/1.1\r\nHost: e\r\n\r\n"));
  check_next(client, 200, "{}");
  REQUIRE(client.send("DELETE /api/events/1 HTTP/1.1\r\nHost: e\r\n\r\n"));
  CHECK(client.read_answer().value().status == 204);
}

TEST_CASE("answers are counted by the class of their status") {
  auto options = edge_server::quick_options();
  options.answers = std::make_shared<sluice::http::answer_counts>();
  edge_server edge(options);
  auto client = edge.connect();
  for (const auto *target : {"/health", "/health", "/unknown", "/throws"}) {
    REQUIRE(client.send(get(target)));
    REQUIRE(client.read_answer());
  }
  CHECK(options.answers->of_class(2) == 2);
  CHECK(options.answers->of_class(4) == 1);
  CHECK(options.answers->of_class(5) == 1);
  CHECK(options.answers->of_class(3) == 0);
}
