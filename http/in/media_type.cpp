#include "http/in/media_type.hpp"

#include <string>
#include <string_view>

#include "http/ascii.hpp"

namespace sluice::http {

namespace {

bool is_utf8_charset(std::string_view parameter) {
  const auto equals = parameter.find('=');
  if (equals == std::string_view::npos ||
      !is_same_word(parameter.substr(0, equals), "charset"))
    return false;
  auto value = parameter.substr(equals + 1);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  return is_same_word(value, "utf-8") || is_same_word(value, "utf8");
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
  if (coding && !is_same_word(*coding, "identity"))
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
    if (is_same_word(type, "application/json"))
      return media_type::json;
    if (takes_lines && is_same_word(type, "application/x-ndjson"))
      return media_type::ndjson;
  }
  problem out = unsupported_type(takes_lines);
  out.closes = is_same_word(type.substr(0, 10), "multipart/");
  return tl::unexpected(std::move(out));
}

} // namespace sluice::http
