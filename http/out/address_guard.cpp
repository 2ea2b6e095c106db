#include "http/out/address_guard.hpp"

#include <algorithm>
#include <memory>

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace sluice::http {

namespace {

std::vector<ip_network> networks(std::initializer_list<const char *> texts) {
  std::vector<ip_network> out;
  for (const auto *text : texts)
    out.push_back(parse_network(text).value());
  return out;
}

bool contains(const std::vector<ip_network> &list, const ip_address &address) {
  return std::any_of(list.begin(), list.end(), [&](const ip_network &each) {
    return each.contains(address);
  });
}

/// IANA's registries of special-purpose addresses, and multicast.
const std::vector<ip_network> &special_v4() {
  static const auto out = networks(
      {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
       "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
       "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
       "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
       "224.0.0.0/4", "240.0.0.0/4"});
  return out;
}

/// What of 2000::/3 is special; all outside of it is. 2001::/23 has Teredo,
/// benchmarks, ORCHID and anycast.
const std::vector<ip_network> &special_v6() {
  static const auto out = networks({"2001::/23", "2001:db8::/32", "2002::/16",
                                    "2620:4f:8000::/48", "3fff::/20"});
  return out;
}

const ip_network &unicast_v6() {
  static const auto out = parse_network("2000::/3").value();
  return out;
}

/// Where nothing can be sent to, or to oneself by another name.
const std::vector<ip_network> &unsendable() {
  static const auto out = networks(
      {"0.0.0.0/8", "224.0.0.0/4", "255.255.255.255", "::", "ff00::/8"});
  return out;
}

ip_network only(const ip_address &address) {
  return {address, static_cast<unsigned>(address.size() * 8)};
}

void add_own_addresses(std::vector<forbidden_target> &out, std::uint16_t port) {
  for (const auto *text : {"127.0.0.0/8", "::1"})
    out.push_back({parse_network(text).value(), port});
  ifaddrs *first = nullptr;
  if (getifaddrs(&first) != 0)
    return;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first,
                                                               &freeifaddrs);
  for (const auto *each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr)
      continue;
    const auto length = each->ifa_addr->sa_family == AF_INET6
                            ? sizeof(sockaddr_in6)
                            : sizeof(sockaddr_in);
    if (const auto own = endpoint_of(each->ifa_addr, length))
      out.push_back({only(own->address), port});
  }
}

} // namespace

bool is_public(const ip_address &address) {
  if (!address.is_v6())
    return !contains(special_v4(), address);
  return unicast_v6().contains(address) && !contains(special_v6(), address);
}

tl::expected<std::vector<forbidden_target>, std::string>
targets_of_listener(const std::string &host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo *first = nullptr;
  const int failed = getaddrinfo(host.c_str(), nullptr, &hints, &first);
  if (failed != 0)
    return tl::unexpected("'" + host + "': " + gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(first,
                                                                 &freeaddrinfo);
  std::vector<forbidden_target> out;
  for (const auto *each = first; each != nullptr; each = each->ai_next) {
    const auto found = endpoint_of(each->ai_addr, each->ai_addrlen);
    if (!found)
      continue;
    if (to_string(found->address) == "0.0.0.0" ||
        to_string(found->address) == "::")
      add_own_addresses(out, port);
    else
      out.push_back({only(found->address), port});
  }
  return out;
}

bool address_guard::allows(const ip_endpoint &target) const {
  const bool is_forbidden = std::any_of(
      forbidden_.begin(), forbidden_.end(), [&](const forbidden_target &each) {
        return each.port == target.port && each.where.contains(target.address);
      });
  return !is_forbidden &&
         (is_public(target.address) || is_listed(target.address));
}

bool address_guard::is_listed(const ip_address &address) const {
  return contains(allowed_, address) && !contains(unsendable(), address);
}

} // namespace sluice::http
