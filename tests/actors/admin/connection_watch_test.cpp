#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/admin/connection_watch.hpp"
#include "actors/admin/descriptor.hpp"

using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

/// A listener and what it has accepted, in this process like the watch.
class listener {
public:
  listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr *>(&at),
                   sizeof at) == 0);
    REQUIRE(::listen(socket_.get(), 64) == 0);
    socklen_t size = sizeof address_;
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr *>(&address_),
                  &size);
  }

  int port() const { return ntohs(address_.sin_port); }

  /// A new client that says so many bytes.
  void connect(std::size_t bytes) {
    descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
    REQUIRE(::connect(client.get(),
                      reinterpret_cast<const sockaddr *>(&address_),
                      sizeof address_) == 0);
    descriptor own(::accept(socket_.get(), nullptr, nullptr));
    REQUIRE(own.is_open());
    std::vector<char> said(bytes, 'x');
    REQUIRE(::send(client.get(), said.data(), bytes, 0) ==
            static_cast<ssize_t>(bytes));
    REQUIRE((bytes == 0 || ::recv(own.get(), said.data(), bytes, MSG_WAITALL) ==
                               static_cast<ssize_t>(bytes)));
    clients_.push_back(std::move(client));
    accepted_.push_back(std::move(own));
  }

  /// Whether the n-th accepted connection has been ended.
  bool is_ended(std::size_t number) const {
    char byte = 0;
    return ::recv(accepted_[number].get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

private:
  descriptor socket_;
  sockaddr_in address_{};
  std::vector<descriptor> clients_;
  std::vector<descriptor> accepted_;
};

const auto start = std::chrono::steady_clock::now();

} // namespace

TEST_CASE("a watch sees the connections of its port only", "[admin]") {
  listener watched;
  listener other;
  watched.connect(1);
  watched.connect(1);
  other.connect(1);
  connection_watch watch;
  const auto seen = watch.look(watched.port(), start);
  CHECK(seen.open == 2);
  CHECK(seen.ended_silent + seen.ended_surplus == 0);
  CHECK_FALSE(watched.is_ended(0));
}

TEST_CASE("who says nothing is hung up on", "[admin]") {
  listener watched;
  watched.connect(0);
  watched.connect(1);
  // All have been silent for no time at least.
  connection_watch watch({.most = 32, .silence = 0ms});
  const auto seen = watch.look(watched.port(), start);
  CHECK(seen.ended_silent == 2);
  CHECK(watched.is_ended(0));
  CHECK(watched.is_ended(1));
  // The owner takes its time, and it is told once.
  const auto later = watch.look(watched.port(), start);
  CHECK(later.open == 0);
  CHECK(later.ended_silent == 0);
}

TEST_CASE("of too many connections those go that said least", "[admin]") {
  listener watched;
  for (const std::size_t bytes : {2000U, 10U, 3000U, 0U, 20U})
    watched.connect(bytes);
  connection_watch watch({.most = 3});
  CHECK(watch.look(watched.port(), start).ended_surplus == 0);
  CHECK(watch.look(watched.port(), start + 3s).ended_surplus == 2);
  CHECK(watched.is_ended(1));
  CHECK(watched.is_ended(3));
  CHECK_FALSE(watched.is_ended(0));
  CHECK_FALSE(watched.is_ended(4));
}

TEST_CASE("newcomers take nobody's place", "[admin]") {
  listener watched;
  watched.connect(1000);
  connection_watch watch({.most = 2});
  watch.look(watched.port(), start);
  for (int count = 0; count < 5; ++count)
    watched.connect(0);
  CHECK(watch.look(watched.port(), start + 3s).ended_surplus == 0);
  CHECK_FALSE(watched.is_ended(0));
  CHECK(watch.look(watched.port(), start + 6s).ended_surplus == 4);
  CHECK_FALSE(watched.is_ended(0));
}

TEST_CASE("newcomers are spared until they are far too many", "[admin]") {
  listener watched;
  for (int count = 0; count < 10; ++count)
    watched.connect(1);
  connection_watch watch({.most = 2});
  CHECK(watch.look(watched.port(), start).ended_surplus == 2);
}
