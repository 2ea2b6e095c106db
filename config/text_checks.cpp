#include "config/text_checks.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>

#include <arpa/inet.h>

#include "config/describe.hpp"
#include "config/fault.hpp"
#include "config/units.hpp"

namespace sluice::config {

namespace {

constexpr std::size_t longest_name = 100;
constexpr std::size_t shortest_secret = 16;
constexpr std::size_t longest_secret = 1000;
constexpr std::size_t longest_host = 255;
constexpr std::size_t longest_path = 1000;
constexpr std::size_t most_durations = 50;
constexpr std::int64_t longest_duration = 30LL * 24 * 60 * 60 * 1000;
constexpr std::size_t most_networks = 100;
constexpr std::string_view letters_and_digits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool consists_of(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [&](char character) {
    return letters_and_digits.find(character) != std::string_view::npos ||
           more.find(character) != std::string_view::npos;
  });
}

bool is_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2) {
    auto inside = host.substr(1, host.size() - 2);
    return inside.find_first_not_of("0123456789abcdefABCDEF:.") ==
               std::string_view::npos &&
           inside.find(':') != std::string_view::npos;
  }
  return host.size() <= longest_host && consists_of(host, ".-_");
}

/// UTF-8 without control characters.
bool is_clean(std::string_view text) {
  return is_utf8(text) && std::ranges::none_of(text, [](char character) {
           auto byte = static_cast<unsigned char>(character);
           return byte < 0x20 || byte == 0x7f;
         });
}

bool is_port(std::string_view text) {
  auto number = parse_integer(text);
  return number && !text.starts_with('-') && text.size() <= 5 &&
         *number <= 65'535;
}

/// The bytes that follow the first of a UTF-8 sequence; -1 when no sequence
/// begins so.
int following(unsigned char first) {
  if (first < 0x80)
    return 0;
  if (first >= 0xc2 && first < 0xe0)
    return 1;
  if (first >= 0xe0 && first < 0xf0)
    return 2;
  return first >= 0xf0 && first < 0xf5 ? 3 : -1;
}

/// What the second byte may be, which keeps out overlong forms, surrogates
/// and what lies above U+10FFFF.
bool is_second(unsigned char first, unsigned char second) {
  switch (first) {
  case 0xe0:
    return second >= 0xa0 && second < 0xc0;
  case 0xed:
    return second >= 0x80 && second < 0xa0;
  case 0xf0:
    return second >= 0x90 && second < 0xc0;
  case 0xf4:
    return second >= 0x80 && second < 0x90;
  default:
    return second >= 0x80 && second < 0xc0;
  }
}

/// Of the bits of an address, those behind the first `count` are not set.
template <std::size_t Size>
bool has_only(const std::array<std::uint8_t, Size> &bytes, std::size_t count) {
  for (std::size_t bit = count; bit < Size * 8; ++bit)
    if (std::bitset<8>(bytes.at(bit / 8)).test(7 - bit % 8))
      return false;
  return true;
}

bool is_network(const std::string &text) {
  auto slash = text.find('/');
  if (slash == std::string::npos)
    return false;
  auto digits = std::string_view(text).substr(slash + 1);
  auto bits = parse_integer(digits);
  if (!bits || *bits < 0 || digits.size() > 3 || !consists_of(digits, ""))
    return false;
  auto address = text.substr(0, slash);
  auto count = static_cast<std::size_t>(*bits);
  std::array<std::uint8_t, 4> four{};
  if (inet_pton(AF_INET, address.c_str(), four.data()) == 1)
    return count <= four.size() * 8 && has_only(four, count);
  std::array<std::uint8_t, 16> six{};
  return inet_pton(AF_INET6, address.c_str(), six.data()) == 1 &&
         count <= six.size() * 8 && has_only(six, count);
}

bool may_be_secret(std::string_view parameter) {
  std::string name(parameter.substr(0, parameter.find('=')));
  std::ranges::transform(name, name.begin(), [](char character) {
    return character >= 'A' && character <= 'Z'
               ? static_cast<char>(character - 'A' + 'a')
               : character;
  });
  // A percent sign may spell any of the words.
  constexpr std::array<std::string_view, 5> words = {"pass", "key", "secret",
                                                     "token", "%"};
  return std::ranges::any_of(
      words, [&](auto word) { return name.find(word) != std::string::npos; });
}

/// `a=1&password=***`
std::string without_secrets(std::string_view query) {
  std::string out;
  while (!query.empty()) {
    auto end = std::min(query.find('&'), query.size());
    auto parameter = query.substr(0, end);
    auto name = parameter.substr(0, parameter.find('='));
    out += may_be_secret(parameter) ? std::string(name) + "=***"
                                    : std::string(parameter);
    if (end < query.size())
      out += '&';
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return out;
}

} // namespace

std::string check_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return "needs a host and a port, as in 127.0.0.1:4000";
  auto host = text.substr(0, colon);
  if (host.empty())
    return "names no host: 127.0.0.1 is this machine only, 0.0.0.0 all IPv4 "
           "addresses of it";
  if (!is_port(text.substr(colon + 1)))
    return "the port has to be a number from 0 to 65535";
  if (!is_host(host))
    return host.find(':') == std::string_view::npos
               ? "the host is neither a name nor an address"
               : "an IPv6 address needs brackets, as in [::1]:4000";
  return {};
}

std::string check_store_url(std::string_view text) {
  if (!is_clean(text))
    return "holds control characters or bytes that are not UTF-8";
  for (std::string_view scheme : {"sqlite:", "postgresql://", "postgres://"})
    if (text.starts_with(scheme))
      return text.size() > scheme.size() ? "" : "names no database";
  return "has to begin with sqlite: or postgresql://";
}

std::string check_name(std::string_view text) {
  if (text.size() > longest_name)
    return "is longer than " + std::to_string(longest_name) + " characters";
  if (!consists_of(text, "._:-"))
    return "may hold only letters, digits and . _ : -";
  return {};
}

std::string check_secret(std::string_view text) {
  if (std::ranges::any_of(text, [](char character) {
        return character <= ' ' || character > '~';
      }))
    return "may hold only printable ASCII characters, and no blanks";
  if (text.size() < shortest_secret)
    return "is too easy to guess: at least " + std::to_string(shortest_secret) +
           " characters";
  if (text.size() > longest_secret)
    return "is longer than " + std::to_string(longest_secret) + " characters";
  return {};
}

std::string check_durations(std::string_view text) {
  auto words = words_of(text);
  if (words.empty() || words.size() > most_durations)
    return "has to be 1 to " + std::to_string(most_durations) +
           " durations, with blanks between them";
  for (const auto &word : words) {
    auto wait = parse_duration(word);
    if (!wait)
      return wait.error();
    if (*wait < 1 || *wait > longest_duration)
      return "has to be of durations from 1ms to 30d, not " + word;
  }
  return {};
}

std::string check_networks(std::string_view text) {
  if (text == no_networks)
    return {};
  auto words = words_of(text);
  if (words.empty() || words.size() > most_networks)
    return "has to be 1 to " + std::to_string(most_networks) +
           " networks, with blanks between them, or \"none\"";
  for (const auto &word : words)
    if (!is_network(word))
      return "has to be of networks as in 10.0.0.0/8 or fd00::/8, with no bit "
             "set behind those that count, not \"" +
             one_line(word, 60) + '"';
  return {};
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty())
      return out;
    auto end = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string check_path(std::string_view text) {
  if (!is_clean(text))
    return "holds control characters or bytes that are not UTF-8";
  if (text.size() > longest_path)
    return "is longer than " + std::to_string(longest_path) + " bytes";
  return {};
}

bool is_utf8(std::string_view text) {
  auto byte = [&](std::size_t at) {
    return static_cast<unsigned char>(text[at]);
  };
  for (std::size_t at = 0; at < text.size();) {
    auto more = following(byte(at));
    if (more < 0 || text.size() - at <= static_cast<std::size_t>(more))
      return false;
    if (more > 0 && !is_second(byte(at), byte(at + 1)))
      return false;
    for (int offset = 2; offset <= more; ++offset)
      if ((byte(at + static_cast<std::size_t>(offset)) & 0xc0U) != 0x80)
        return false;
    at += static_cast<std::size_t>(more) + 1;
  }
  return true;
}

std::string without_password(std::string_view store_url) {
  constexpr std::string_view authority_mark = "://";
  auto scheme_end = store_url.find(authority_mark);
  if (scheme_end == std::string_view::npos)
    return std::string(store_url);
  auto begin = scheme_end + authority_mark.size();
  std::string out(store_url.substr(0, begin));
  auto rest = store_url.substr(begin);
  // A password may hold any character that should have been escaped, so it
  // ends at the last @ of all.
  auto colon = rest.find(':');
  auto at_sign = rest.rfind('@');
  if (at_sign != std::string_view::npos && colon < at_sign) {
    out += std::string(rest.substr(0, colon)) + ":***";
    rest.remove_prefix(at_sign);
  }
  auto query = std::min(rest.find('?'), rest.size());
  out += rest.substr(0, query);
  if (query < rest.size())
    out += '?' + without_secrets(rest.substr(query + 1));
  return out;
}

} // namespace sluice::config
