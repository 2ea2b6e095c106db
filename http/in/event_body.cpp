#include "http/in/event_body.hpp"

#include <algorithm>
#include <utility>

#include "http/in/fields.hpp"
#include "http/in/json_text.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t longest_name = 255;

bool is_type_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' ||
         c == '/' || c == '-';
}

bool is_dedup_id(std::string_view text) {
  return !text.empty() && text.size() <= longest_name && is_printable(text);
}

} // namespace

bool is_event_type(std::string_view text) {
  return !text.empty() && text.size() <= longest_name &&
         std::all_of(text.begin(), text.end(), is_type_character);
}

tl::expected<event_body, problem> read_event(const json_document &value,
                                             std::size_t max_payload) {
  field_reader fields(value, {"type", "payload", "dedup_id"});
  event_body out;
  if (const json_member *payload = fields.require("payload")) {
    if (payload->text.size() > max_payload)
      return tl::unexpected(payload_too_large(max_payload));
    if (payload->kind != json_kind::object)
      fields.fault("payload", "has to be an object");
    out.payload = payload->text;
  }
  if (auto type = fields.string(fields.require("type"))) {
    if (!is_event_type(*type))
      fields.fault("type", "has to be 1 to 255 of A-Z a-z 0-9 _ . : / -");
    out.type = std::move(*type);
  }
  out.dedup_id = fields.string(fields.find("dedup_id"));
  if (out.dedup_id && !is_dedup_id(*out.dedup_id))
    fields.fault("dedup_id", "has to be 1 to 255 bytes without control "
                             "characters");
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  return out;
}

tl::expected<event_body, problem> read_event(std::string_view body,
                                             std::size_t max_payload) {
  json_scanner scanner;
  const auto value = scanner.scan(body);
  if (!value)
    return tl::unexpected(invalid_json(value.error()));
  return read_event(*value, max_payload);
}

} // namespace sluice::http
