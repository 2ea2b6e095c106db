#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/http/edge/edge_server.hpp"

using namespace sluice::tests;

namespace {

const std::string host = "Host: edge\r\n";
const std::string start = "POST /api/events HTTP/1.1\r\n" + host;
const std::string chunked = start + "Transfer-Encoding: chunked\r\n\r\n";

struct bad_request_row {
  std::string name;
  std::string bytes;
  int status;
  std::string slug;
};

std::string many_headers(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    out.append("X-").append(std::to_string(i)).append(": 1\r\n");
  }
  return out;
}

std::string long_text(std::size_t length) {
  return std::string(length, 'x');
}

std::string framed(const std::string &line) {
  return start + line + "\r\n";
}

const std::vector<bad_request_row> framing_rows{
    {"body of 10 GB", framed("Content-Length: 10000000000\r\n"), 413,
     "payload-too-large"},
    {"length of 30 digits",
     framed("Content-Length: " + std::string(30, '9') + "\r\n"), 400,
     "bad-framing"},
    {"two lengths", framed("Content-Length: 2\r\nContent-Length: 5\r\n") + "{}",
     400, "bad-framing"},
    {"the same length twice",
     framed("Content-Length: 2\r\nContent-Length: 2\r\n") + "{}", 400,
     "bad-framing"},
    {"list of lengths", framed("Content-Length: 2, 2\r\n") + "{}", 400,
     "bad-framing"},
    {"length abc", framed("Content-Length: abc\r\n"), 400, "bad-framing"},
    {"length -1", framed("Content-Length: -1\r\n"), 400, "bad-framing"},
    {"length +2", framed("Content-Length: +2\r\n") + "{}", 400, "bad-framing"},
    {"length 0x2", framed("Content-Length: 0x2\r\n") + "{}", 400,
     "bad-framing"},
    {"empty length", framed("Content-Length:\r\n") + "{}", 400, "bad-framing"},
    {"length and coding",
     framed("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n") +
         "0\r\n\r\n",
     400, "bad-framing"},
    {"coding and length 0",
     framed("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n") +
         "0\r\n\r\n",
     400, "bad-framing"},
    {"coding gzip, chunked",
     framed("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n", 400,
     "bad-framing"},
    {"coding xchunked", framed("Transfer-Encoding: xchunked\r\n"), 400,
     "bad-framing"},
    {"coding identity", framed("Transfer-Encoding: identity\r\n"), 400,
     "bad-framing"},
    {"coding twice",
     framed("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") +
         "0\r\n\r\n",
     400, "bad-framing"},
    {"coding with a vertical tab",
     framed("Transfer-Encoding: \x0b"
            "chunked\r\n"),
     400, "bad-request"},
    {"coding in HTTP/1.0",
     "POST /api/events HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400, "bad-framing"},
    {"no length", framed(""), 411, "length-required"},
    {"negative chunk", chunked + "-2\r\n{}\r\n0\r\n\r\n", 400, "bad-framing"},
    {"chunk of 17 digits", chunked + "00000000000000002\r\n{}\r\n0\r\n\r\n",
     400, "bad-framing"},
    {"chunk of 9 digits", chunked + "000000002\r\n{}\r\n0\r\n\r\n", 400,
     "bad-framing"},
    {"chunk size 0x2", chunked + "0x2\r\n{}\r\n0\r\n\r\n", 400, "bad-framing"},
    {"no chunk size", chunked + "\r\n{}\r\n0\r\n\r\n", 400, "bad-framing"},
    {"chunk without CR LF", chunked + "2\r\n{}0\r\n\r\n", 400, "bad-framing"},
    {"chunk size ended by LF", chunked + "2\n{}\r\n0\r\n\r\n", 400,
     "bad-framing"},
    {"chunk extension", chunked + "2;a=b\r\n{}\r\n0\r\n\r\n", 400,
     "bad-framing"},
    {"chunk longer than it says", chunked + "2\r\n{}}\r\n0\r\n\r\n", 400,
     "bad-framing"},
    {"trailer", chunked + "2\r\n{}\r\n0\r\nX: y\r\n\r\n", 400, "bad-framing"},
    {"chunks over the limit",
     chunked + "3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n",
     413, "payload-too-large"},
    {"huge chunk", chunked + "ffffffff\r\n", 413, "payload-too-large"},
    {"body over the limit", post(std::string(1001, 'x')), 413,
     "payload-too-large"},
    {"GET with a body", get("/health", "Content-Length: 2\r\n") + "{}", 400,
     "bad-request"},
    {"HEAD... DELETE with a body",
     "DELETE /api/events/1 HTTP/1.1\r\nHost: edge\r\nContent-Length: "
     "2\r\n\r\n{}",
     400, "bad-request"},
    {"GET with chunks",
     get("/health", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400,
     "bad-request"},
    {"body where none is taken",
     "POST /api/events/1/pause HTTP/1.1\r\nHost: edge\r\nContent-Length: "
     "2\r\n\r\n{}",
     400, "bad-request"},
};

const std::vector<bad_request_row> head_rows{
    {"gzip", post("{}", "Content-Encoding: gzip\r\n"), 415,
     "unsupported-encoding"},
    {"br", post("{}", "Content-Encoding: br\r\n"), 415, "unsupported-encoding"},
    {"form", post("{}", "Content-Type: multipart/form-data; boundary=x\r\n"),
     415, "unsupported-media-type"},
    {"unknown expectation", post("{}", "Expect: foo\r\n"), 417,
     "expectation-failed"},
    {"65 headers", get("/health", many_headers(64)), 431, "too-many-headers"},
    {"100,000 headers", get("/health", many_headers(100'000)), 431,
     "too-many-headers"},
    {"header of 9 KB", get("/health", "X: " + std::string(9'000, 'x') + "\r\n"),
     431, "header-too-large"},
    {"header of 10 MB without an end",
     "GET /health HTTP/1.1\r\nHost: edge\r\nX: " + long_text(10'000'000), 431,
     "header-too-large"},
    {"five headers of 8 KB",
     get("/health", "A: " + std::string(8'000, 'x') +
                        "\r\nB: " + std::string(8'000, 'x') +
                        "\r\nC: " + std::string(8'000, 'x') +
                        "\r\nD: " + std::string(8'000, 'x') +
                        "\r\nE: " + std::string(8'000, 'x') + "\r\n"),
     431, "header-too-large"},
    {"path of 1025 bytes", get("/" + std::string(1024, 'x')), 414,
     "uri-too-long"},
    {"path of 8,000 characters", get("/api/events/" + std::string(7'000, 'x')),
     414, "uri-too-long"},
    {"path of 9,000 characters", get("/api/events/" + std::string(9'000, 'x')),
     414, "uri-too-long"},
    {"bare LF", "GET /health HTTP/1.1\nHost: edge\n\n", 400, "bad-request"},
    {"one bare LF", "GET /health HTTP/1.1\r\nHost: edge\nX: y\r\n\r\n", 400,
     "bad-request"},
    {"bare CR", get("/health", "X: a\rb\r\n"), 400, "bad-request"},
    {"two CRs", get("/health", "X: a\r\r\n"), 400, "bad-request"},
    {"empty line first", "\r\n" + get("/health"), 400, "bad-request"},
    {"space before colon", get("/health", "X : y\r\n"), 400, "bad-request"},
    {"folded line", get("/health", "X: a\r\n b\r\n"), 400, "bad-request"},
    {"folded by a tab", get("/health", "X: a\r\n\tb\r\n"), 400, "bad-request"},
    {"no colon", get("/health", "Xy\r\n"), 400, "bad-request"},
    {"no name", get("/health", ": y\r\n"), 400, "bad-request"},
    {"name that is no token", get("/health", "X(y): z\r\n"), 400,
     "bad-request"},
    {"NUL in a value", get("/health", std::string("X: a\0b\r\n", 8)), 400,
     "bad-request"},
    {"NUL in a name", get("/health", std::string("X\0: a\r\n", 7)), 400,
     "bad-request"},
    {"escape in a value", get("/health", "X: a\x1b[0m\r\n"), 400,
     "bad-request"},
    {"no host", "GET /health HTTP/1.1\r\n\r\n", 400, "bad-request"},
    {"two hosts", get("/health", host), 400, "bad-request"},
    {"host with a path", "GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n", 400,
     "bad-request"},
    {"empty host", "GET /health HTTP/1.1\r\nHost:\r\n\r\n", 400, "bad-request"},
    {"version 2.0", "GET /health HTTP/2.0\r\nHost: edge\r\n\r\n", 505,
     "http-version-not-supported"},
    {"version 1.2", "GET /health HTTP/1.2\r\nHost: edge\r\n\r\n", 505,
     "http-version-not-supported"},
    {"version 0.9", "GET /health\r\n\r\n", 400, "bad-request"},
    {"version in lower case", "GET /health http/1.1\r\nHost: edge\r\n\r\n", 400,
     "bad-request"},
    {"two spaces", "GET  /health HTTP/1.1\r\nHost: edge\r\n\r\n", 400,
     "bad-request"},
    {"space in the path", "GET /hea lth HTTP/1.1\r\nHost: edge\r\n\r\n", 400,
     "bad-request"},
    {"tab in the request line", "GET\t/health HTTP/1.1\r\nHost: edge\r\n\r\n",
     400, "bad-request"},
    {"raw UTF-8 in the path", get("/h\xc3\xa4"), 400, "bad-request"},
    {"fragment", get("/health#x"), 400, "bad-request"},
    {"path without a slash", get("health"), 400, "bad-request"},
    {"star with GET", get("*"), 400, "bad-request"},
    {"method FOO", "FOO /health HTTP/1.1\r\nHost: edge\r\n\r\n", 501,
     "method-not-allowed"},
    {"method get", "get /health HTTP/1.1\r\nHost: edge\r\n\r\n", 501,
     "method-not-allowed"},
    {"TRACE", "TRACE /health HTTP/1.1\r\nHost: edge\r\n\r\n", 501,
     "method-not-allowed"},
    {"CONNECT", "CONNECT edge:80 HTTP/1.1\r\nHost: edge\r\n\r\n", 501,
     "method-not-allowed"},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 501,
     "method-not-allowed"},
    {"TLS hello", std::string("\x16\x03\x01\x02\x00\x01", 6), 400,
     "bad-request"},
    {"method of 10 KB", std::string(10'000, 'A') + " / HTTP/1.1\r\n\r\n", 414,
     "uri-too-long"},
    {"malformed escape in the query", get("/echo?a=%zz"), 400, "bad-request"},
};

/// Whether `all` is one problem document on a connection that says close.
void check_only_refusal(const std::string &all, const bad_request_row &row) {
  INFO(all.substr(0, 2000));
  const auto head_end = all.find("\r\n\r\n");
  REQUIRE(head_end != std::string::npos);
  CHECK(all.starts_with("HTTP/1.1 " + std::to_string(row.status) + " "));
  CHECK(all.find("HTTP/1.1 ", 1) == std::string::npos);
  CHECK(all.find("Connection: close\r\n") < head_end);
  CHECK(all.find("Content-Type: application/problem+json\r\n") < head_end);
  const auto body = nlohmann::json::parse(all.substr(head_end + 4));
  CHECK(body.at("type") == "urn:sluice:problem:" + row.slug);
  CHECK(body.at("status") == row.status);
  CHECK(!body.at("title").get<std::string>().empty());
  CHECK(body.at("detail") == body.at("error"));
  CHECK(all.find("X-Request-Id: " + body.at("instance").get<std::string>() +
                 "\r\n") < head_end);
  if (row.status == 413) {
    CHECK(body.at("limit") == 1000);
  }
}

void check_rows(const std::vector<bad_request_row> &rows) {
  edge_server edge;
  for (const auto &row : rows) {
    INFO(row.name);
    auto client = edge.connect();
    client.send(row.bytes + get("/health") + get("/health"));
    check_only_refusal(client.read_to_end(), row);
  }
  CHECK(edge.handled() == 0);
}

} // namespace

TEST_CASE("bad framing is refused, and nothing behind it is a request") {
  check_rows(framing_rows);
}

TEST_CASE("bad heads are refused, and nothing behind them is a request") {
  check_rows(head_rows);
}

TEST_CASE("a refusal that arrives byte by byte is the same") {
  edge_server edge;
  for (const auto *rows : {&framing_rows, &head_rows}) {
    for (const auto &row : *rows) {
      if (row.bytes.size() > 600) {
        continue;
      }
      INFO(row.name);
      auto client = edge.connect();
      client.send_bytewise(row.bytes);
      client.send(get("/health"));
      check_only_refusal(client.read_to_end(), row);
    }
  }
  CHECK(edge.handled() == 0);
}

TEST_CASE("paths that nothing can have are not found") {
  edge_server edge;
  auto client = edge.connect();
  for (const std::string path :
       {"/nope", "/api//events", "//health", "/health/", "/api/../health",
        "/api/%2e%2e/health", "/%2E%2e", "/./health", "/health%00", "/health%",
        "/health%0", "/health%zz", "/api/events/a%2Fb", "/api/events/a%0d%0ab",
        "/api/events/", "/api/events/%00", "/api/events/1/2/3"}) {
    INFO(path);
    REQUIRE(client.send(get(path)));
    const auto answer = client.read_answer();
    REQUIRE(answer);
    CHECK(answer->status == 404);
    CHECK(answer->body.find("urn:sluice:problem:not-found") !=
          std::string::npos);
  }
  CHECK(edge.handled() == 0);
}

TEST_CASE("a refused request with a body closes the connection") {
  edge_server edge;
  const std::string body = get("/health");
  const std::string length =
      "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  for (const std::string line : {"POST /nope", "PUT /api/events"}) {
    INFO(line);
    auto client = edge.connect();
    client.send(line + " HTTP/1.1\r\nHost: edge\r\n" + length + body);
    const auto all = client.read_to_end();
    CHECK(all.find("HTTP/1.1 40") == 0);
    CHECK(all.find("HTTP/1.1 ", 1) == std::string::npos);
  }
  auto client = edge.connect();
  client.send("POST /nope HTTP/1.1\r\nHost: edge\r\n\r\n" + body);
  CHECK(client.read_to_end().find("HTTP/1.1 ", 1) == std::string::npos);
  CHECK(edge.handled() == 0);
}
