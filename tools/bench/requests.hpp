#pragma once

#include <string>
#include <string_view>

namespace sluice::tools {

/// The payload of `event_body`, for whoever writes the same event without
/// HTTP.
std::string event_payload();
std::string_view event_type();

/// One event as `POST /api/events` takes it: 300 bytes.
std::string event_body();

/// A JSON array of `count` such events.
std::string batch_body(int count);

/// A whole POST request; without `key` no authorization is sent.
std::string post_request(std::string_view path, std::string_view key,
                         std::string_view body);

} // namespace sluice::tools
