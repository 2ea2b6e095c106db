#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

struct sockaddr;

namespace sluice::http {

/// An address of IPv4 or IPv6. An IPv4 address within IPv6 (`::ffff:a.b.c.d`)
/// is the IPv4 address, however it came.
class ip_address {
public:
  static ip_address v4(const std::array<std::uint8_t, 4> &bytes);
  static ip_address v6(const std::array<std::uint8_t, 16> &bytes);

  bool is_v6() const { return is_v6_; }
  /// 4 or 16, in the network's order.
  std::size_t size() const { return is_v6_ ? 16 : 4; }
  std::uint8_t at(std::size_t index) const { return bytes_[index]; }

  bool operator==(const ip_address &) const = default;
  auto operator<=>(const ip_address &) const = default;

private:
  bool is_v6_ = false;
  std::array<std::uint8_t, 16> bytes_{};
};

/// `192.0.2.1`, `2001:db8::1`: as RFC 5952 writes it.
std::string to_string(const ip_address &address);

/// Takes the one spelling that `to_string` writes, in any case of letters, and
/// `::ffff:a.b.c.d`. Nothing for all else: octal and hexadecimal parts, fewer
/// than four, zones, brackets.
std::optional<ip_address> parse_address(std::string_view text);

/// An address with a port.
struct ip_endpoint {
  ip_address address;
  std::uint16_t port = 0;

  bool operator==(const ip_endpoint &) const = default;
};

/// Nothing for what is neither AF_INET nor AF_INET6; `length` is that of what
/// `address` points to.
std::optional<ip_endpoint> endpoint_of(const sockaddr *address,
                                       std::size_t length);

/// The addresses that begin with the same bits.
class ip_network {
public:
  /// The bits of `base` behind the first `bits` don't matter.
  ip_network(const ip_address &base, unsigned bits)
      : base_(base), bits_(bits) {}

  bool contains(const ip_address &address) const;

private:
  ip_address base_;
  unsigned bits_;
};

/// `10.0.0.0/8`, `fd00::/8`, or one address. Fails with one line that says
/// what is wrong: no address, too many bits, bits set behind the network's.
tl::expected<ip_network, std::string> parse_network(std::string_view text);

/// Several; the first fault, if any.
tl::expected<std::vector<ip_network>, std::string>
parse_networks(const std::vector<std::string> &texts);

} // namespace sluice::http
