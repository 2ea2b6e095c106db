#include "http/out/standard_webhooks.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <openssl/rand.h>

#include "http/in/secrets.hpp"
#include "http/out/base64.hpp"

namespace sluice::http {

namespace {

constexpr std::string_view prefix = "whsec_";
constexpr std::size_t fewest_secret_bytes = 24;
constexpr std::size_t most_secret_bytes = 64;

void add_json_string(std::string &out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", byte);
      out.append(escape.data());
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

} // namespace

std::optional<std::string> make_webhook_secret() {
  std::array<unsigned char, 32> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    return std::nullopt;
  const std::string_view bytes(reinterpret_cast<const char *>(random.data()),
                               random.size());
  return std::string(prefix) + to_base64(bytes);
}

std::optional<std::string> webhook_key(std::string_view secret) {
  if (!secret.starts_with(prefix) || secret.size() > 128)
    return std::nullopt;
  const auto text = secret.substr(prefix.size());
  const std::size_t padding = text.ends_with("==")  ? 2
                              : text.ends_with('=') ? 1
                                                    : 0;
  auto size = text.size() / 4 * 3;
  size -= std::min(padding, size);
  if (size < fewest_secret_bytes || size > most_secret_bytes)
    return std::nullopt;
  return from_base64(text);
}

std::string webhook_signature(std::string_view key, std::string_view id,
                              std::int64_t unix_seconds,
                              std::string_view body) {
  std::string message;
  message.reserve(id.size() + body.size() + 24);
  message.append(id).append(1, '.');
  message.append(std::to_string(unix_seconds)).append(1, '.').append(body);
  return "v1," + to_base64(hmac_sha256(key, message));
}

std::string webhook_body(const webhook_event &event) {
  std::string out;
  out.reserve(event.payload.size() + event.id.size() + event.type.size() + 96);
  out.append(R"({"id":)");
  add_json_string(out, event.id);
  out.append(R"(,"type":)");
  add_json_string(out, event.type);
  out.append(R"(,"timestamp":)");
  add_json_string(out, db::to_rfc3339(event.at));
  out.append(R"(,"data":)").append(event.payload).append(1, '}');
  return out;
}

} // namespace sluice::http
