#include "http/out/ip_address.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "http/ascii.hpp"

namespace sluice::http {

namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0,    0,
                                                     0, 0, 0, 0, 0xFF, 0xFF};

bool is_mapped_spelling(std::string_view text) {
  return text.starts_with("::ffff:") && parse_address(text.substr(7));
}

} // namespace

ip_address ip_address::v4(const std::array<std::uint8_t, 4> &bytes) {
  ip_address out;
  std::copy(bytes.begin(), bytes.end(), out.bytes_.begin());
  return out;
}

ip_address ip_address::v6(const std::array<std::uint8_t, 16> &bytes) {
  if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin()))
    return v4({bytes[12], bytes[13], bytes[14], bytes[15]});
  ip_address out;
  out.is_v6_ = true;
  out.bytes_ = bytes;
  return out;
}

std::string to_string(const ip_address &address) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < address.size(); ++i)
    bytes[i] = address.at(i);
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.is_v6() ? AF_INET6 : AF_INET, bytes.data(), text.data(),
            text.size());
  return text.data();
}

std::optional<ip_address> parse_address(std::string_view text) {
  // The longest has 45 characters.
  std::array<char, 48> copy{};
  if (text.empty() || text.size() >= copy.size() ||
      text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::transform(text.begin(), text.end(), copy.begin(), lower);
  const std::string_view lowered(copy.data(), text.size());
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, copy.data(), four.data()) == 1) {
    const auto out = ip_address::v4(four);
    return to_string(out) == lowered ? std::optional(out) : std::nullopt;
  }
  std::array<std::uint8_t, 16> sixteen{};
  if (inet_pton(AF_INET6, copy.data(), sixteen.data()) != 1)
    return std::nullopt;
  const auto out = ip_address::v6(sixteen);
  const bool is_canonical =
      out.is_v6() ? to_string(out) == lowered : is_mapped_spelling(lowered);
  return is_canonical ? std::optional(out) : std::nullopt;
}

std::optional<ip_endpoint> endpoint_of(const sockaddr *address,
                                       std::size_t length) {
  if (address == nullptr || length < sizeof(sockaddr_in))
    return std::nullopt;
  if (address->sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, address, sizeof four);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
    return ip_endpoint{ip_address::v4(bytes), ntohs(four.sin_port)};
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 six{};
    std::memcpy(&six, address, sizeof six);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    return ip_endpoint{ip_address::v6(bytes), ntohs(six.sin6_port)};
  }
  return std::nullopt;
}

bool ip_network::contains(const ip_address &address) const {
  if (address.is_v6() != base_.is_v6())
    return false;
  const std::size_t whole = bits_ / 8;
  for (std::size_t i = 0; i < whole; ++i)
    if (address.at(i) != base_.at(i))
      return false;
  const unsigned rest = bits_ % 8;
  if (rest == 0)
    return true;
  const unsigned mask = 0xFFU << (8U - rest) & 0xFFU;
  return (address.at(whole) & mask) == (base_.at(whole) & mask);
}

tl::expected<ip_network, std::string> parse_network(std::string_view text) {
  const auto fault = [&](const char *what) {
    return tl::unexpected("'" + std::string(text.substr(0, 64)) + "' " + what);
  };
  const auto slash = text.find('/');
  const auto base = parse_address(text.substr(0, slash));
  if (!base)
    return fault("is no network: '10.0.0.0/8' and 'fd00::/8' are");
  const auto most = static_cast<unsigned>(base->size() * 8);
  if (text.substr(0, slash).find(':') != std::string_view::npos &&
      !base->is_v6())
    return fault("is an IPv4 address within IPv6: write it as IPv4");
  if (slash == std::string_view::npos)
    return ip_network(*base, most);
  const auto tail = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, failed] =
      std::from_chars(tail.data(), tail.data() + tail.size(), bits);
  if (failed != std::errc() || end != tail.data() + tail.size() ||
      (tail.size() > 1 && tail.front() == '0'))
    return fault("needs a number of bits behind the slash");
  if (bits > most)
    return fault(base->is_v6() ? "has more than 128 bits"
                               : "has more than 32 bits");
  for (unsigned bit = bits; bit < most; ++bit)
    if ((base->at(bit / 8) >> (7U - bit % 8) & 1U) != 0)
      return fault("has bits set behind those of the network");
  return ip_network(*base, bits);
}

tl::expected<std::vector<ip_network>, std::string>
parse_networks(const std::vector<std::string> &texts) {
  std::vector<ip_network> out;
  for (const auto &text : texts) {
    const auto network = parse_network(text);
    if (!network)
      return tl::unexpected(network.error());
    out.push_back(*network);
  }
  return out;
}

} // namespace sluice::http
