#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "http/out/ip_address.hpp"

namespace sluice::http {

/// Whether an address belongs to one machine of the public internet: none of
/// the special ranges of IANA's registries (private, loopback, link-local,
/// shared, documentation, benchmarks, multicast, reserved, and those that
/// carry an IPv4 address inside, such as 6to4, Teredo and NAT64).
bool is_public(const ip_address &address);

/// What is not sent to, whatever else is allowed.
struct forbidden_target {
  ip_network where;
  std::uint16_t port = 0;
};

/// The targets that lead to a listener at this host and port: each address of
/// the host's name, and where it listens on all addresses, each of this
/// machine's. Asks the system, so it may wait as long as a name server does.
/// Fails with one line when the host has no address now.
tl::expected<std::vector<forbidden_target>, std::string>
targets_of_listener(const std::string &host, std::uint16_t port);

/// Judges what webhooks are sent to. A value; immutable.
class address_guard {
public:
  /// `allowed` may be sent to although they are not public.
  explicit address_guard(std::vector<ip_network> allowed = {},
                         std::vector<forbidden_target> forbidden = {})
      : allowed_(std::move(allowed)), forbidden_(std::move(forbidden)) {}

  /// Whether something may be sent to this address and port.
  bool allows(const ip_endpoint &target) const;

  /// Whether the address is in one of the allowed networks. Unspecified,
  /// broadcast and multicast addresses never are.
  bool is_listed(const ip_address &address) const;

  /// Whether any network is allowed at all.
  bool has_list() const { return !allowed_.empty(); }

private:
  std::vector<ip_network> allowed_;
  std::vector<forbidden_target> forbidden_;
};

} // namespace sluice::http
