#include <cerrno>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/http/out/outbox.hpp"
#include "tests/http/out/receiver.hpp"

namespace sluice::tests {

namespace {

using kind = actors::webhook_answer::kind;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::string_view head = "HTTP/1.1 200 OK\r\n";

/// Reads a request, then sends `first`, then `more` for as long as it is
/// taken.
receiver::behaviour flooding(const std::string &first,
                             const std::string &more) {
  return [=](receiver_connection &connection) {
    if (!connection.read_request() || !connection.send(first))
      return;
    while (connection.send(more))
      ;
  };
}

/// Reads a request, sends `bytes`, and closes; or waits for the other end.
receiver::behaviour sending(const std::string &bytes, bool is_closing) {
  return [=](receiver_connection &connection) {
    if (connection.read_request() && connection.send(bytes) && !is_closing)
      connection.wait_for_end();
  };
}

/// A port of the loopback address where nothing listens.
int closed_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto *raw = reinterpret_cast<sockaddr *>(&address);
  REQUIRE(::bind(fd, raw, size) == 0);
  REQUIRE(::getsockname(fd, raw, &size) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

} // namespace

TEST_CASE("an endless body ends the transfer, and its status counts") {
  const auto first = GENERATE(as<std::string>(), "Content-Length: 20000000000",
                              "X-Length: none", "Content-Encoding: gzip");
  const receiver to(flooding(std::string(head) + first + "\r\n\r\n",
                             std::string(100'000, 'x')));
  outbox from;
  const auto answer = from.send_one(to.url());
  CHECK(answer.error.empty());
  CHECK(answer.what == kind::answered);
  CHECK(answer.status == 200);
  CHECK(answer.head == std::string(1024, 'x'));
  // Its connection is not used again.
  CHECK(from.send_one(to.url()).status == 200);
  CHECK(to.connections() == 2);
}

TEST_CASE("endless chunks end the transfer, and its status counts") {
  const receiver to(
      flooding(std::string(head) + "Transfer-Encoding: chunked\r\n\r\n",
               "1000\r\n" + std::string(0x1000, 'y') + "\r\n"));
  outbox from;
  CHECK(from.send_one(to.url()).status == 200);
}

TEST_CASE("endless headers fail") {
  const auto more = GENERATE(as<std::string>(), "X-Any: y\r\n", "X: y",
                             "HTTP/1.1 100 Continue\r\n\r\n",
                             "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n");
  const bool is_interim = more.starts_with("HTTP");
  const receiver to(flooding(is_interim ? "" : std::string(head), more));
  outbox from;
  const auto answer = from.send_one(to.url());
  CHECK(answer.what == kind::failed);
  CHECK(answer.status == 0);
  CHECK_FALSE(answer.error.empty());
  CHECK(answer.error.find("timed out") == std::string::npos);
}

TEST_CASE("a few interim answers are passed over") {
  const receiver to(answering("HTTP/1.1 100 Continue\r\n\r\n"
                              "HTTP/1.1 103 Early Hints\r\n"
                              "Retry-After: 7\r\n\r\n" +
                              http_answer(202, "later")));
  outbox from;
  const auto answer = from.send_one(to.url());
  CHECK(answer.status == 202);
  CHECK(answer.head == "later");
  CHECK_FALSE(answer.retry_after);
}

TEST_CASE("a slow answer ends at its time") {
  const auto bytes = GENERATE(
      as<std::string>(), "", "HTTP/1.1 ", "HTTP/1.1 200 OK\r\nX-Any: 1\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome");
  const receiver to(sending(bytes, false));
  outbox from({.timeout = milliseconds(300)});
  const auto begun = steady_clock::now();
  const auto answer = from.send_one(to.url());
  const auto took = steady_clock::now() - begun;
  CHECK(answer.what == kind::failed);
  CHECK(answer.error == "timed out after 300 ms");
  CHECK(took >= milliseconds(290));
  CHECK(took < seconds(5));
  CHECK(answer.duration >= milliseconds(290));
}

TEST_CASE("a drip is not taken for progress") {
  const receiver to([](receiver_connection &connection) {
    if (!connection.read_request())
      return;
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (connection.send("x"))
      std::this_thread::yield();
  });
  outbox from({.timeout = milliseconds(300)});
  const auto answer = from.send_one(to.url());
  // It may have dripped beyond the longest body by then.
  CHECK((answer.error == "timed out after 300 ms" || answer.status == 200));
  CHECK(answer.duration < seconds(5));
}

TEST_CASE("an answer that ends too early fails") {
  const auto bytes =
      GENERATE(as<std::string>(), "", "HTTP/1.1 200 OK\r\nContent-",
               "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\n",
               "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
  const receiver to(sending(bytes, true));
  outbox from;
  const auto answer = from.send_one(to.url());
  CAPTURE(answer.error);
  CHECK(answer.what == kind::failed);
}

TEST_CASE("what is not HTTP fails") {
  const auto bytes =
      GENERATE(as<std::string>(), "hello\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
               "HTTP/9.9 200 OK\r\n\r\n", "\x15\x03\x01",
               "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  const receiver to(sending(bytes, true));
  outbox from;
  const auto answer = from.send_one(to.url());
  CAPTURE(answer.error);
  CHECK(answer.what == kind::failed);
  CHECK(answer.error.find("127.0.0.1") == std::string::npos);
}

TEST_CASE("an answer's beginning is text") {
  const receiver to(answering(http_answer(
      200, std::string("a\0b\xFF\x1B[2J \xC3\xA4\r\n\tc\xC3", 16))));
  outbox from;
  CHECK(from.send_one(to.url()).head == "a?b??[2J \xC3\xA4\n\tc?");
}

TEST_CASE("a refused connection says so") {
  outbox from;
  const auto answer = from.send_one(
      "http://127.0.0.1:" + std::to_string(closed_port()) + "/secret-path");
  CHECK(answer.what == kind::failed);
  CHECK(answer.error == "could not connect: connection refused");
}

TEST_CASE("one that is slow holds up no other") {
  const receiver slow(sending("", false));
  const receiver quick(answering(http_answer(200)));
  outbox from;
  from.send(slow.url(), 50);
  for (int i = 0; i < 50; ++i)
    CHECK(from.send_one(quick.url()).status == 200);
}

} // namespace sluice::tests
