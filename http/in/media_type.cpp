#include "http/in/media_type.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace sluice::http {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool is_same(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char l, char r) { return lower(l) == lower(r); });
}

bool is_utf8_charset(std::string_view parameter) {
  const auto equals = parameter.find('=');
  if (equals == std::string_view::npos ||
      !is_same(parameter.substr(0, equals), "charset"))
    return false;
  auto value = parameter.substr(equals + 1);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  return is_same(value, "utf-8") || is_same(value, "utf8");
}

problem unsupported(std::string_view slug, std::string_view title,
                    std::string detail) {
  problem out;
  out.status = 415;
  out.slug = slug;
  out.title = title;
  out.detail = std::move(detail);
  return out;
}

problem unsupported_type(bool takes_lines) {
  return unsupported("unsupported-media-type", "Unsupported media type",
                     takes_lines
                         ? "the body has to be application/json or "
                           "application/x-ndjson, in UTF-8"
                         : "the body has to be application/json, in UTF-8");
}

} // namespace

tl::expected<media_type, problem> body_type(const request &in,
                                            bool takes_lines) {
  const auto coding = in.header("content-encoding");
  if (coding && !is_same(*coding, "identity"))
    return tl::unexpected(
        unsupported("unsupported-encoding", "Unsupported content coding",
                    "the body has to be sent without a content coding"));
  const auto value = in.header("content-type");
  if (!value || in.header_count("content-type") > 1)
    return tl::unexpected(unsupported_type(takes_lines));
  const auto semicolon = value->find(';');
  const auto type = trimmed(value->substr(0, semicolon));
  const bool is_plain = semicolon == std::string_view::npos;
  if (is_plain || is_utf8_charset(trimmed(value->substr(semicolon + 1)))) {
    if (is_same(type, "application/json"))
      return media_type::json;
    if (takes_lines && is_same(type, "application/x-ndjson"))
      return media_type::ndjson;
  }
  problem out = unsupported_type(takes_lines);
  out.closes = is_same(type.substr(0, 10), "multipart/");
  return tl::unexpected(std::move(out));
}

} // namespace sluice::http
