#include <algorithm>
#include <array>

#include "http/ascii.hpp"
#include "http/out/webhook_url.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t most_headers = 20;
constexpr std::size_t most_header_bytes = 4096;

/// What the sender writes itself, or what is between two ends of a connection.
constexpr std::array<std::string_view, 27> reserved{"accept",
                                                    "accept-encoding",
                                                    "alt-svc",
                                                    "connection",
                                                    "content-encoding",
                                                    "content-length",
                                                    "content-range",
                                                    "content-type",
                                                    "cookie",
                                                    "date",
                                                    "expect",
                                                    "forwarded",
                                                    "host",
                                                    "http2-settings",
                                                    "keep-alive",
                                                    "max-forwards",
                                                    "metadata",
                                                    "metadata-flavor",
                                                    "range",
                                                    "te",
                                                    "trailer",
                                                    "trailers",
                                                    "transfer-encoding",
                                                    "upgrade",
                                                    "user-agent",
                                                    "via",
                                                    "x-http-method-override"};
constexpr std::array<std::string_view, 5> reserved_beginnings{
    "webhook-", "proxy-", "x-forwarded-", "x-aws-ec2-", ":"};

/// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view text) {
  return !text.empty() && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c <= 0x7E; });
}

bool is_reserved(std::string_view name) {
  return std::find(reserved.begin(), reserved.end(), name) != reserved.end() ||
         std::any_of(
             reserved_beginnings.begin(), reserved_beginnings.end(),
             [&](std::string_view each) { return name.starts_with(each); });
}

} // namespace

std::optional<std::string>
fault_of_headers(const std::vector<db::header_line> &headers) {
  if (headers.size() > most_headers)
    return "more than 20 headers";
  std::size_t bytes = 0;
  std::vector<std::string> names;
  for (const auto &each : headers) {
    bytes += each.name.size() + each.value.size();
    if (bytes > most_header_bytes)
      return "the headers have more than 4096 bytes";
    if (!is_token(each.name))
      return "header " + std::to_string(names.size() + 1) +
             ": its name is not one that HTTP has";
    auto name = lowered(each.name);
    if (is_reserved(name))
      return "header '" + each.name + "' can't be set";
    if (std::find(names.begin(), names.end(), name) != names.end())
      return "header '" + each.name + "' is there twice";
    if (!is_value(each.value))
      return "header '" + each.name +
             "': its value has to be printable ASCII, without spaces around it";
    names.push_back(std::move(name));
  }
  return std::nullopt;
}

} // namespace sluice::http
