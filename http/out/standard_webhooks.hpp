#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "db/model/time.hpp"

/// Standard Webhooks 1.0, the symmetric part: what is sent, and how it is
/// signed.
namespace sluice::http {

/// A fresh secret as its owner gets to see it: `whsec_` and the base64 of 32
/// random bytes. Nothing when the system has no random bytes.
std::optional<std::string> make_webhook_secret();

/// The key that a secret stands for, 24 to 64 bytes. Nothing for text that is
/// no secret.
std::optional<std::string> webhook_key(std::string_view secret);

/// `v1,` and the base64 of the HMAC-SHA256 of `{id}.{unix_seconds}.{body}`.
/// Several go into one header with a space between them.
std::string webhook_signature(std::string_view key, std::string_view id,
                              std::int64_t unix_seconds, std::string_view body);

/// What a webhook's body is made of.
struct webhook_event {
  std::string_view id;
  std::string_view type;
  db::timestamp at{};
  /// JSON; goes in byte by byte as it is.
  std::string_view payload;
};

/// `{"id":...,"type":...,"timestamp":...,"data":...}`.
std::string webhook_body(const webhook_event &event);

} // namespace sluice::http
