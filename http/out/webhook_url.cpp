#include "http/out/webhook_url.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

#include <curl/curl.h>

#include "http/ascii.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t most_url_bytes = 2048;
constexpr std::size_t most_name_bytes = 253;
constexpr std::size_t most_label_bytes = 63;

using fallible = tl::expected<webhook_target, url_fault>;

auto invalid(const char *text) {
  return tl::unexpected(url_fault{url_fault::kind::invalid, text});
}

auto blocked() {
  return tl::unexpected(
      url_fault{url_fault::kind::blocked, std::string(blocked_text)});
}

/// The characters of RFC 3986, without `#`.
bool is_url_character(char c) {
  constexpr std::string_view others = "-._~:/?[]@!$&'()*+,;=%";
  return is_letter(c) || is_digit(c) ||
         others.find(c) != std::string_view::npos;
}

std::string_view last_label(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

/// Some programs read such a name as an address (`127.1`, `0x7f.1`).
bool ends_in_number(std::string_view name) {
  const auto label = last_label(name);
  return !label.empty() && (std::all_of(label.begin(), label.end(), is_digit) ||
                            label.starts_with("0x"));
}

bool is_name(std::string_view name) {
  if (name.size() > most_name_bytes)
    return false;
  while (true) {
    const auto label = name.substr(0, name.find('.'));
    const bool is_label =
        !label.empty() && label.size() <= most_label_bytes &&
        label.front() != '-' && label.back() != '-' &&
        std::all_of(label.begin(), label.end(), [](char c) {
          return is_letter(c) || is_digit(c) || c == '-' || c == '_';
        });
    if (!is_label)
      return false;
    if (label.size() == name.size())
      return true;
    name.remove_prefix(label.size() + 1);
  }
}

bool is_localhost(std::string_view name) {
  return last_label(name) == "localhost";
}

/// A name that only one's own network knows.
bool is_local(std::string_view name) {
  const auto label = last_label(name);
  return name.find('.') == std::string_view::npos || label == "localhost" ||
         label == "local" || label == "internal";
}

bool is_usual_port(const webhook_target &target) {
  return target.port == 443 || target.port == 8443 ||
         (!target.is_tls && target.port == 80);
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
fallible parse_authority(std::string_view text, webhook_target out) {
  if (text.find('@') != std::string_view::npos)
    return invalid("a URL with a user or password is not taken");
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    const auto inside = text.substr(
        1, end == std::string_view::npos ? std::string_view::npos : end - 1);
    out.address = parse_address(inside);
    if (end == std::string_view::npos || !out.address ||
        inside.find(':') == std::string_view::npos)
      return invalid("its IPv6 address is not one in the usual spelling");
    out.host = lowered(inside);
    port = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    out.host = lowered(text.substr(0, colon));
    port = text.substr(colon);
    out.address = parse_address(out.host);
    if (!out.address && ends_in_number(out.host))
      return invalid("its IPv4 address is not in the usual spelling, a.b.c.d");
    if (!out.address && !is_name(out.host))
      return invalid(out.host.empty() ? "it has no host"
                                      : "its host is not a name that DNS has");
  }
  if (port.empty())
    return out;
  port.remove_prefix(1);
  const auto [end, failed] =
      std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (failed != std::errc() || end != port.data() + port.size() ||
      port.front() == '0')
    return invalid("its port is not a number from 1 to 65535");
  return out;
}

fallible take_apart(std::string_view url) {
  if (url.empty() || url.size() > most_url_bytes)
    return invalid("it has to have 1 to 2048 bytes");
  if (url.find('#') != std::string_view::npos)
    return invalid("a URL with a fragment (#) is not taken");
  if (!std::all_of(url.begin(), url.end(), is_url_character))
    return invalid("it has characters that a URL can't have; spaces and other "
                   "letters than ASCII's have to be percent-encoded");
  webhook_target out;
  const auto scheme = lowered(url.substr(0, 8));
  if (scheme.starts_with("http://")) {
    out.is_tls = false;
    out.port = 80;
  } else if (scheme != "https://") {
    return invalid("it has to begin with https://");
  }
  url.remove_prefix(out.is_tls ? 8 : 7);
  return parse_authority(url.substr(0, url.find_first_of("/?")), out);
}

/// What sends has to understand the URL as it was checked.
bool is_read_alike(std::string_view url, const webhook_target &target) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(
      curl_url(), &curl_url_cleanup);
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL,
                              std::string(url).c_str(), 0) != CURLUE_OK)
    return false;
  const auto part = [&](CURLUPart which, unsigned flags) {
    char *text = nullptr;
    std::string out;
    if (curl_url_get(parsed.get(), which, &text, flags) == CURLUE_OK)
      out = text;
    curl_free(text);
    return out;
  };
  auto host = lowered(part(CURLUPART_HOST, 0));
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  const bool is_same_host = target.address
                                ? parse_address(host) == target.address
                                : host == target.host;
  return is_same_host &&
         part(CURLUPART_SCHEME, 0) == (target.is_tls ? "https" : "http") &&
         part(CURLUPART_PORT, CURLU_DEFAULT_PORT) ==
             std::to_string(target.port) &&
         part(CURLUPART_USER, 0).empty() && part(CURLUPART_FRAGMENT, 0).empty();
}

/// What can be said of a name without its addresses.
std::optional<url_fault> fault_of_name(const webhook_target &target,
                                       const address_guard &guard,
                                       bool allows_http) {
  // Nobody is there (RFC 6761, section 6.4), and drills use such names.
  if (last_label(target.host) == "invalid")
    return invalid("names below `invalid` lead nowhere").value();
  const auto loopback = localhost_addresses(target.host, guard);
  if (loopback ? loopback->empty() : is_local(target.host) && !guard.has_list())
    return blocked().value();
  if (!target.is_tls && !allows_http && !is_local(target.host))
    return invalid("it has to begin with https://").value();
  if (!is_usual_port(target) && !guard.has_list())
    return invalid("its port has to be 443 or 8443").value();
  if (loopback && std::none_of(loopback->begin(), loopback->end(),
                               [&](const ip_address &each) {
                                 return guard.allows({each, target.port});
                               }))
    return blocked().value();
  return std::nullopt;
}

} // namespace

tl::expected<webhook_target, url_fault>
parse_webhook_url(std::string_view url, const address_guard &guard,
                  bool allows_http) {
  auto target = take_apart(url);
  if (!target)
    return target;
  if (!is_read_alike(url, *target))
    return invalid("it can be read in several ways");
  if (!target->address) {
    if (auto fault = fault_of_name(*target, guard, allows_http))
      return tl::unexpected(*std::move(fault));
    return target;
  }
  if (!guard.allows({*target->address, target->port}))
    return blocked();
  if (guard.is_listed(*target->address))
    return target;
  if (!target->is_tls && !allows_http)
    return invalid("it has to begin with https://");
  if (!is_usual_port(*target))
    return invalid("its port has to be 443 or 8443");
  return target;
}

bool allows_found(const webhook_target &target, const ip_address &found,
                  const address_guard &guard, bool allows_http) {
  return guard.allows({found, target.port}) &&
         (guard.is_listed(found) ||
          ((target.is_tls || allows_http) && is_usual_port(target)));
}

std::optional<std::vector<ip_address>>
localhost_addresses(std::string_view host, const address_guard &guard) {
  if (!is_localhost(host))
    return std::nullopt;
  std::vector<ip_address> out;
  for (const auto *text : {"127.0.0.1", "::1"})
    if (const auto address = parse_address(text);
        address && guard.is_listed(*address))
      out.push_back(*address);
  return out;
}

} // namespace sluice::http
