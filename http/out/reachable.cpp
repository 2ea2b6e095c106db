#include "http/out/reachable.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::http {

namespace {

template <class SocketAddress>
bool can_connect(int fd, const SocketAddress &address) {
  return ::connect(fd, reinterpret_cast<const sockaddr *>(&address),
                   sizeof address) == 0;
}

/// A datagram socket connects without a packet: it only looks for the route.
bool has_route(const ip_address &to) {
  const int family = to.is_v6() ? AF_INET6 : AF_INET;
  const int fd = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return errno != EAFNOSUPPORT;
  // Any port but 0.
  const auto port = htons(443);
  const auto text = to_string(to);
  bool is_there = false;
  if (to.is_v6()) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = port;
    inet_pton(AF_INET6, text.c_str(), &address.sin6_addr);
    is_there = can_connect(fd, address);
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = port;
    inet_pton(AF_INET, text.c_str(), &address.sin_addr);
    is_there = can_connect(fd, address);
  }
  ::close(fd);
  return is_there;
}

} // namespace

std::vector<ip_address> reachable(const std::vector<ip_address> &addresses) {
  if (addresses.size() < 2)
    return addresses;
  std::vector<ip_address> out;
  std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(out),
               has_route);
  return out.empty() ? addresses : out;
}

} // namespace sluice::http
