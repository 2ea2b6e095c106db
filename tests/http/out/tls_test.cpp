#include <fstream>

#include <catch2/catch.hpp>

#include "tests/http/out/certificates.hpp"
#include "tests/http/out/name_server.hpp"
#include "tests/http/out/outbox.hpp"
#include "tests/http/out/receiver.hpp"

namespace sluice::tests {

namespace {

using kind = actors::webhook_answer::kind;

/// A TLS receiver, a name server that leads any name to it, and a sender that
/// trusts one certificate.
class tls_fixture {
public:
  tls_fixture(const certificate &presented, const std::string &trusted)
      : to_(answering(http_answer(200)), presented.server()),
        names_([](const std::string &) {
          return std::vector<std::string>{"127.0.0.1"};
        }) {
    const auto file = folder_.path() / "ca.pem";
    std::ofstream(file) << trusted;
    outbox::setup setup;
    setup.name_servers = names_.address();
    if (!trusted.empty())
      setup.ca_file = file;
    from_ = std::make_unique<outbox>(std::move(setup));
  }

  actors::webhook_answer send(std::string_view host) {
    return from_->send_one(to_.url(host));
  }
  int connections() const { return to_.connections(); }

private:
  temporary_folder folder_;
  receiver to_;
  name_server names_;
  std::unique_ptr<outbox> from_;
};

} // namespace

TEST_CASE("a certificate is verified for the URL's name, not the address") {
  const certificate trusted("hooks.example.com");
  tls_fixture to(trusted, trusted.pem());
  for (int i = 0; i < 5; ++i) {
    const auto answer = to.send("hooks.example.com");
    CHECK(answer.error.empty());
    CHECK(answer.status == 200);
  }
  CHECK(to.connections() == 1);
}

TEST_CASE("a certificate for another name fails") {
  const certificate trusted("hooks.example.com");
  tls_fixture to(trusted, trusted.pem());
  const auto *host = GENERATE("other.example.com", "127.0.0.1");
  const auto answer = to.send(host);
  CHECK(answer.what == kind::failed);
  CHECK(answer.error == "TLS: the certificate is for another host");
}

TEST_CASE("a certificate that nobody vouches for fails") {
  const certificate own("hooks.example.com");
  const auto other = GENERATE(as<std::string>(), "other", "");
  tls_fixture to(own, other.empty() ? "" : certificate(other).pem());
  const auto answer = to.send("hooks.example.com");
  CHECK(answer.what == kind::failed);
  CHECK(answer.error == "TLS: certificate not trusted");
}

TEST_CASE("a certificate whose time is over fails") {
  const certificate expired("hooks.example.com", -1);
  tls_fixture to(expired, expired.pem());
  const auto answer = to.send("hooks.example.com");
  CHECK(answer.what == kind::failed);
  CHECK(answer.error == "TLS: the certificate has expired");
}

TEST_CASE("a receiver without TLS fails a handshake") {
  const receiver plain([](receiver_connection &connection) {
    connection.send("HTTP/1.1 400 Bad\r\n\r\n");
  });
  outbox from;
  const auto answer =
      from.send_one("https://127.0.0.1:" + std::to_string(plain.port()) + "/");
  CHECK(answer.what == kind::failed);
  CHECK(answer.error == "TLS: the handshake failed");
}

TEST_CASE("a receiver that is silent in the handshake ends in time") {
  const receiver silent(
      [](receiver_connection &connection) { connection.wait_for_end(); });
  outbox from({.connect_timeout = std::chrono::milliseconds(200)});
  const auto answer =
      from.send_one("https://127.0.0.1:" + std::to_string(silent.port()) + "/");
  CHECK(answer.what == kind::failed);
  CHECK(answer.error == "could not connect within 200 ms");
}

} // namespace sluice::tests
