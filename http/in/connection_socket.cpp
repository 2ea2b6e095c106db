#include "http/in/connection_socket.hpp"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

namespace sluice::http {

namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

} // namespace

connection_socket::progress
connection_socket::read_idle(std::span<char> into) const {
  for (;;) {
    const auto got = ::recv(fd_, into.data(), into.size(), 0);
    if (got > 0) {
      return {outcome::done, static_cast<std::size_t>(got)};
    }
    if (got == 0) {
      return {outcome::ended};
    }
    if (errno != EINTR) {
      return {would_block() ? outcome::late : outcome::broken};
    }
  }
}

connection_socket::progress
connection_socket::read_until(std::span<char> into, deadline limit) const {
  // The clock is asked before each read: a peer that always has one more byte
  // ready must not get around the limit.
  while (steady_clock::now() < limit) {
    const auto got = ::recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) {
      return {outcome::done, static_cast<std::size_t>(got)};
    }
    if (got == 0) {
      return {outcome::ended};
    }
    if (would_block()) {
      wait_for(POLLIN, limit);
    } else if (errno != EINTR) {
      return {outcome::broken};
    }
  }
  return {outcome::late};
}

bool connection_socket::write(std::string_view bytes, deadline limit) const {
  while (!bytes.empty()) {
    const auto sent =
        ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (would_block()) {
      if (!wait_for(POLLOUT, limit)) {
        return false;
      }
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

void connection_socket::write_now(std::string_view bytes) const {
  [[maybe_unused]] const auto sent =
      ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool connection_socket::wait_for(short events, deadline limit) const {
  const auto left = ceil<milliseconds>(limit - steady_clock::now()).count();
  if (left <= 0) {
    return false;
  }
  pollfd waited{fd_, events, 0};
  ::poll(&waited, 1, static_cast<int>(std::min<long>(left, 60'000)));
  return true;
}

} // namespace sluice::http
