#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "http/in/json_scan.hpp"
#include "http/in/problem.hpp"

namespace sluice::http {

/// What a client sends as an event.
struct event_body {
  std::string type;
  /// The bytes of a JSON object as they came; points into the body.
  std::string_view payload;
  std::optional<std::string> dedup_id;
};

/// Whether a text is a type: 1 to 255 of `A-Z a-z 0-9 _ . : / -`.
bool is_event_type(std::string_view text);

/// Reads an event from a scanned value: exactly `type`, `payload` and
/// `dedup_id`; names every field that is wrong. A payload over `max_payload`
/// is a 413, whatever else is wrong.
tl::expected<event_body, problem> read_event(const json_document &value,
                                             std::size_t max_payload);

/// Scans a body and reads it as an event.
tl::expected<event_body, problem> read_event(std::string_view body,
                                             std::size_t max_payload);

} // namespace sluice::http
