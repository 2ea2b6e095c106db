#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

/// Base64 with `-` and `_`, without padding (RFC 4648, section 5).
std::string to_base64url(std::string_view bytes);

/// Nothing for text that `to_base64url` never writes.
std::optional<std::string> from_base64url(std::string_view text);

/// A fresh API key: `slk_` and 43 characters, 256 random bits. Nothing when
/// the system has no random bytes.
std::optional<std::string> make_api_key();

/// The characters of an API key that may be shown again.
std::string_view key_prefix(std::string_view key);

/// Whether two secrets are the same, in a time that says nothing about where
/// they differ.
bool is_same_secret(std::string_view left, std::string_view right);

/// HMAC-SHA256 (RFC 2104), 32 bytes.
std::string hmac_sha256(std::string_view secret, std::string_view message);

} // namespace sluice::http
