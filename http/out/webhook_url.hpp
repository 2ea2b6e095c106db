#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "db/model/endpoint.hpp"
#include "http/out/address_guard.hpp"

/// Which URLs and headers an owner may give an endpoint.
namespace sluice::http {

/// Where a URL leads to.
struct webhook_target {
  bool is_tls = true;
  /// In lower case; of an IPv6 address without brackets.
  std::string host;
  std::uint16_t port = 443;
  /// When the host is an address.
  std::optional<ip_address> address;
};

/// What is wrong with a URL.
struct url_fault {
  enum class kind : std::uint8_t {
    /// It is none, or not of the kind that is taken; the text says why.
    invalid,
    /// It is not sent to. One text for all reasons, so that nobody learns from
    /// it what is there.
    blocked,
  };
  kind what = kind::invalid;
  std::string text;
};

/// The text of everything that is blocked.
inline constexpr std::string_view blocked_text =
    "the address of the URL is not one that webhooks are sent to";

/// Takes a URL apart, and refuses what needs no look-up to be refused:
///
/// - `https` only; `http` for any host when `allows_http`, else for addresses
///   in an allowed network and names within one's own network;
/// - ports 443 and 8443, with `http` 80; any for addresses in an allowed
///   network, and names when there is an allowed network;
/// - at most 2048 bytes of what RFC 3986 has; no user, no fragment; hosts as
///   they are usually spelled (`127.1`, `0x7f000001` and `a.b.` are not);
/// - addresses that the guard refuses;
/// - `localhost` and below it, unless loopback is an allowed network; names
///   without a dot, and below `local` and `internal`, unless any is;
/// - names below `invalid`.
///
/// A name that passes has to be looked up, and judged by `allows_found`.
tl::expected<webhook_target, url_fault>
parse_webhook_url(std::string_view url, const address_guard &guard,
                  bool allows_http);

/// Whether the target may be sent to, if this is one of its addresses.
bool allows_found(const webhook_target &target, const ip_address &found,
                  const address_guard &guard, bool allows_http);

/// The addresses of `localhost` and what is below it, as far as they are
/// allowed networks; nothing for other names. They are not looked up.
std::optional<std::vector<ip_address>>
localhost_addresses(std::string_view host, const address_guard &guard);

/// What is wrong with an endpoint's own headers, if anything: more than 20, or
/// 4 KiB in all; a name that is no token, or twice there, or that the sender
/// or HTTP itself uses; a value that is empty or not printable ASCII.
std::optional<std::string>
fault_of_headers(const std::vector<db::header_line> &headers);

} // namespace sluice::http
