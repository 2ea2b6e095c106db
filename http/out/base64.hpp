#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

/// Base64 with `+`, `/` and padding (RFC 4648, section 4).
std::string to_base64(std::string_view bytes);

/// Nothing for text that `to_base64` never writes.
std::optional<std::string> from_base64(std::string_view text);

} // namespace sluice::http
