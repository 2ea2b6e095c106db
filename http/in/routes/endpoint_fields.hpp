#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/settings.hpp"
#include "db/model/endpoint.hpp"
#include "http/in/json_scan.hpp"
#include "http/in/problem.hpp"

/// What an owner says of an endpoint, and how it is shown again.
namespace sluice::http {

/// What is said of an endpoint; what is not stays as it is.
struct endpoint_fields {
  std::optional<std::string> url;
  std::optional<std::string> description;
  std::optional<std::vector<std::string>> event_types;
  std::optional<std::vector<db::header_line>> headers;
  std::optional<int> max_in_flight;
  std::optional<int> rate_per_second;
  std::optional<db::endpoint_mode> mode;
};

/// Reads the members of a body: `url`, `description`, `event_types`,
/// `headers`, `max_in_flight`, `rate_per_second`, `mode`. `null` stands for no
/// description, all types, no headers. Names every member that is wrong; a URL
/// is looked at when nothing else is.
tl::expected<endpoint_fields, problem>
read_endpoint_fields(const json_document &body,
                     const config::delivery_settings &settings, bool wants_url);

/// 422 `invalid-webhook-url` or `blocked-webhook-target`, if `url` is not one
/// that webhooks are sent to. `member` is the body's member that has it.
std::optional<problem> fault_of_url(std::string_view url,
                                    std::string_view member,
                                    const config::delivery_settings &settings);

/// Writes what is said into an endpoint.
void apply(endpoint_fields fields, db::endpoint &to);

/// Whether a text says which events an endpoint gets: a type, or the beginning
/// of types with `.*` behind it; 255 characters at the most.
bool is_type_pattern(std::string_view text);

/// The members of the endpoint's document, without braces. Of secrets it has
/// only until when they are used.
std::string endpoint_members(const db::endpoint &shown);

/// The document itself.
std::string to_json(const db::endpoint &shown);

/// 404; the same for what does not exist and for what is another's.
problem no_such_endpoint();

} // namespace sluice::http
