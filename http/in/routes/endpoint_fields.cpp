#include "http/in/routes/endpoint_fields.hpp"

#include <algorithm>
#include <utility>

#include "http/in/event_body.hpp"
#include "http/in/fields.hpp"
#include "http/in/json_text.hpp"
#include "http/out/webhook_url.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t longest_description = 1000;
constexpr std::size_t most_patterns = 100;
constexpr long most_in_flight = 100;
constexpr long highest_rate = 100'000;

bool is_null(const json_member *member) {
  return member != nullptr && member->kind == json_kind::null;
}

std::optional<db::endpoint_mode> read_mode(field_reader &fields) {
  const auto text = fields.string(fields.find("mode"));
  if (!text)
    return std::nullopt;
  auto mode = db::parse_endpoint_mode(*text);
  if (!mode)
    fields.fault("mode", "has to be push or pull");
  return mode;
}

std::optional<int> narrow(std::optional<long> value) {
  return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

std::optional<std::string> read_description(field_reader &fields) {
  const auto *const member = fields.find("description");
  if (is_null(member))
    return "";
  auto out = fields.string(member);
  if (out && (out->size() > longest_description || !is_printable(*out)))
    fields.fault("description", "has to be up to 1000 bytes without control "
                                "characters");
  return out;
}

std::optional<std::vector<std::string>> read_types(field_reader &fields) {
  const auto *const member = fields.find("event_types");
  if (is_null(member))
    return std::vector<std::string>();
  auto out = fields.strings(member, most_patterns);
  if (out && !std::all_of(out->begin(), out->end(), is_type_pattern))
    fields.fault("event_types",
                 "each has to be 1 to 255 of A-Z a-z 0-9 _ . : / -, and may "
                 "end with .*");
  return out;
}

/// The strings of an object; a fault for all else.
std::optional<std::vector<db::header_line>>
read_lines(field_reader &fields, const json_member &member) {
  json_scanner scanner;
  const auto lines = scanner.scan(member.text);
  const bool is_good =
      lines && lines->kind == json_kind::object &&
      std::all_of(lines->members.begin(), lines->members.end(),
                  [](auto &one) { return one.kind == json_kind::string; });
  if (!is_good) {
    fields.fault("headers", "has to be an object whose values are strings");
    return std::nullopt;
  }
  std::vector<db::header_line> out;
  for (const auto &one : lines->members)
    out.push_back(
        {name_of(one), json_unescape(one.text.substr(1, one.text.size() - 2))});
  return out;
}

std::optional<std::vector<db::header_line>> read_headers(field_reader &fields) {
  const auto *const member = fields.find("headers");
  if (member == nullptr)
    return std::nullopt;
  if (is_null(member))
    return std::vector<db::header_line>();
  auto out = read_lines(fields, *member);
  if (out)
    if (auto fault = fault_of_headers(*out))
      fields.fault("headers", std::move(*fault));
  return out;
}

std::string header_json(const std::vector<db::header_line> &lines) {
  std::string out = "{";
  for (const auto &line : lines)
    out += (out.size() > 1 ? "," : "") + json_string(line.name) + ':' +
           json_string(line.value);
  return out + '}';
}

std::string type_json(const std::vector<std::string> &patterns) {
  return patterns.empty() ? "null"
                          : json_list(patterns, [](const std::string &one) {
                              return json_string(one);
                            });
}

} // namespace

tl::expected<endpoint_fields, problem>
read_endpoint_fields(const json_document &body,
                     const config::delivery_settings &settings,
                     bool wants_url) {
  field_reader fields(body, {"url", "description", "event_types", "headers",
                             "max_in_flight", "rate_per_second", "mode"});
  endpoint_fields out;
  out.url =
      fields.string(wants_url ? fields.require("url") : fields.find("url"));
  out.description = read_description(fields);
  out.event_types = read_types(fields);
  out.headers = read_headers(fields);
  out.max_in_flight =
      narrow(fields.integer(fields.find("max_in_flight"), 1, most_in_flight));
  out.rate_per_second =
      narrow(fields.integer(fields.find("rate_per_second"), 0, highest_rate));
  out.mode = read_mode(fields);
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  if (out.url)
    if (auto fault = fault_of_url(*out.url, "url", settings))
      return tl::unexpected(std::move(*fault));
  return out;
}

std::optional<problem> fault_of_url(std::string_view url,
                                    std::string_view member,
                                    const config::delivery_settings &settings) {
  // Settings that can't be read allow nothing; they are refused elsewhere.
  const address_guard guard(parse_networks(settings.allow_networks)
                                .value_or(std::vector<ip_network>()));
  const auto target = parse_webhook_url(url, guard, settings.allow_http);
  if (target)
    return std::nullopt;
  const bool is_blocked = target.error().what == url_fault::kind::blocked;
  return invalid_fields({{pointer_to(member), target.error().text}},
                        is_blocked ? "blocked-webhook-target"
                                   : "invalid-webhook-url");
}

void apply(endpoint_fields fields, db::endpoint &to) {
  if (fields.url)
    to.url = std::move(*fields.url);
  if (fields.description)
    to.description = std::move(*fields.description);
  if (fields.event_types)
    to.event_types = std::move(*fields.event_types);
  if (fields.headers)
    to.headers = std::move(*fields.headers);
  to.max_in_flight = fields.max_in_flight.value_or(to.max_in_flight);
  to.rate_per_second = fields.rate_per_second.value_or(to.rate_per_second);
  to.mode = fields.mode.value_or(to.mode);
}

bool is_type_pattern(std::string_view text) {
  constexpr std::size_t longest = 255;
  if (text.size() > longest)
    return false;
  if (text.ends_with(".*"))
    text.remove_suffix(2);
  return is_event_type(text);
}

std::string endpoint_members(const db::endpoint &shown) {
  std::string out = "\"id\":\"" + shown.id.to_string() +
                    "\",\"url\":" + json_string(shown.url) +
                    ",\"description\":" + json_string(shown.description) +
                    ",\"event_types\":" + type_json(shown.event_types) +
                    ",\"headers\":" + header_json(shown.headers) + ',' +
                    json_number("max_in_flight", shown.max_in_flight) + ',' +
                    json_number("rate_per_second", shown.rate_per_second) +
                    ",\"mode\":\"";
  out += db::to_string(shown.mode);
  out += "\",\"state\":\"";
  out += db::to_string(shown.state);
  out += "\",\"state_reason\":" + json_string_or_null(shown.state_reason) +
         ",\"is_default\":" + (shown.is_default ? "true" : "false") +
         ",\"failing_since\":" + json_time_or_null(shown.failing_since) +
         ",\"secrets\":" +
         json_list(shown.secrets,
                   [](const db::sealed_secret &one) {
                     return "{\"expires_at\":" +
                            json_time_or_null(one.expires_at) + '}';
                   }) +
         ",\"created_at\":\"" + db::to_rfc3339(shown.inserted_at) +
         "\",\"updated_at\":\"" + db::to_rfc3339(shown.updated_at) + '"';
  return out;
}

std::string to_json(const db::endpoint &shown) {
  return '{' + endpoint_members(shown) + '}';
}

problem no_such_endpoint() {
  problem out = no_such_event();
  out.detail = "there is no endpoint with this id";
  return out;
}

} // namespace sluice::http
