#include "http/in/openapi.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>

#include "http/in/openapi_schemas.hpp"
#include "sluice_version.hpp"

namespace sluice::http {

namespace {

using json = nlohmann::ordered_json;

constexpr auto problem_names = std::to_array<std::pair<int, std::string_view>>({
    {400, "The request or its JSON is malformed."},
    {401, "No key, or one that is unknown or has expired."},
    {403, "Not allowed."},
    {404, "There is no such thing."},
    {409, "It is there already, or was changed meanwhile."},
    {413, "The body or the payload is too large."},
    {415, "The body's media type is not taken."},
    {422, "A field is wrong; `errors` names it."},
    {429, "Over the limit of requests; `Retry-After` tells when."},
    {503, "Not now; `Retry-After` tells when."},
});

json reference(std::string_view kind, std::string_view name) {
  return {
      {"$ref", "#/components/" + std::string(kind) + '/' + std::string(name)}};
}

std::string problem_name(int status) {
  return "problem_" + std::to_string(status);
}

json problem_response(std::string_view description, bool has_retry_after) {
  json out = {{"description", description},
              {"content",
               {{"application/problem+json",
                 {{"schema", reference("schemas", "problem")}}}}}};
  if (has_retry_after)
    out["headers"]["Retry-After"] = {{"description", "Seconds."},
                                     {"schema", {{"type", "integer"}}}};
  return out;
}

json components() {
  json out = json::parse(openapi_components());
  for (const auto text :
       {openapi_settings_schemas(), openapi_recovery_schemas(),
        openapi_diagnosis_schemas(), openapi_endpoint_schemas()})
    out["schemas"].update(json::parse(text));
  for (const auto text :
       {openapi_inspection_components(), openapi_rollback_components(),
        openapi_drill_components(), openapi_pull_components()}) {
    const json more = json::parse(text);
    for (const auto *part : {"parameters", "schemas"})
      out[part].update(more.at(part));
  }
  for (const auto &[status, description] : problem_names)
    out["responses"][problem_name(status)] =
        problem_response(description, status == 429 || status == 503);
  out["responses"]["problem"] = problem_response("Refused.", false);
  return out;
}

json security_of(route_access who) {
  const json none = json::object();
  const json admin = {{"admin_token", json::array()}};
  switch (who) {
  case route_access::everybody:
    return json::array();
  case route_access::signup:
    return json::array({none, admin});
  case route_access::tenant:
  case route_access::tenant_unmetered:
    return json::array(
        {{{"api_key", json::array()}}, {{"api_key_as_bearer", json::array()}}});
  case route_access::admin:
    return json::array({admin});
  }
  return json::array();
}

std::set<int> problems_of(const route_description &what) {
  std::set<int> out(what.problems.begin(), what.problems.end());
  if (what.who != route_access::everybody)
    out.insert({401, 503});
  if (what.who == route_access::tenant)
    out.insert(429);
  if (what.who == route_access::admin || what.who == route_access::signup)
    out.insert(403);
  if (!what.request.empty())
    out.insert({400, 413, 415, 422});
  if (!what.parameters.front().empty())
    out.insert({400, 422});
  out.erase(0);
  return out;
}

std::string_view description_of(int status) {
  switch (status) {
  case 201:
    return "Done; it is kept.";
  case 202:
    return "Taken; the rest follows.";
  case 207:
    return "Each part has a status of its own.";
  case 503:
    return "Not ready.";
  default:
    return "Done.";
  }
}

json outcome_of(const route_outcome &what) {
  const auto *const type = what.schema == text_schema     ? "text/plain"
                           : what.schema == stream_schema ? "text/event-stream"
                                                          : "application/json";
  return {
      {"description", description_of(what.status)},
      {"content", {{type, {{"schema", reference("schemas", what.schema)}}}}}};
}

json responses_of(const route_description &what) {
  json out;
  for (const auto &one : what.outcomes)
    if (one.status != 0)
      out[std::to_string(one.status)] = outcome_of(one);
  for (const auto status : problems_of(what))
    if (!out.contains(std::to_string(status)))
      out[std::to_string(status)] =
          reference("responses", problem_name(status));
  out["default"] = reference("responses", "problem");
  return out;
}

/// What stands for the names in the pattern, and in the query.
json parameters_of(const route_description &what, std::string_view pattern) {
  json out = json::array();
  for (auto at = pattern.find('{'); at != std::string_view::npos;
       at = pattern.find('{', at + 1)) {
    const auto name = pattern.substr(at + 1, pattern.find('}', at) - at - 1);
    out.push_back(reference("parameters", "path_" + std::string(name)));
  }
  for (const auto name : what.parameters)
    if (!name.empty())
      out.push_back(reference("parameters", name));
  return out;
}

json request_of(const route &asked, const route_description &what) {
  json out = {{"required", !asked.is_body_optional}};
  auto &content = out["content"];
  content["application/json"]["schema"] = reference("schemas", what.request);
  if (what.request == batch_schema)
    content["application/x-ndjson"]["schema"] = {
        {"type", "string"}, {"description", "One event a line."}};
  return out;
}

json operation_of(const route &asked, const route_description &what) {
  json out = {{"operationId", what.operation_id},
              {"tags", json::array({what.tag})},
              {"summary", asked.summary},
              {"security", security_of(what.who)}};
  if (auto parameters = parameters_of(what, asked.pattern); !parameters.empty())
    out["parameters"] = std::move(parameters);
  if (!what.request.empty())
    out["requestBody"] = request_of(asked, what);
  out["responses"] = responses_of(what);
  return out;
}

const route_description &description_of(const route &asked) {
  const auto name = asked.method + ' ' + asked.pattern;
  const auto all = route_descriptions();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](auto &one) { return one.route == name; });
  if (found == all.end())
    throw std::logic_error("the OpenAPI document lacks " + name);
  return *found;
}

std::string in_lower_case(std::string text) {
  for (auto &letter : text)
    if (letter >= 'A' && letter <= 'Z')
      letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

} // namespace

std::string openapi_document(const route_table &routes) {
  if (routes.size() != route_descriptions().size())
    throw std::logic_error("the OpenAPI document describes other routes");
  json paths;
  for (const auto &one : routes)
    paths[one.pattern][in_lower_case(one.method)] =
        operation_of(one, description_of(one));
  const json document = {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "Sluice"},
        {"version", sluice::version},
        {"description",
         "A durable gate for events. Every answer carries X-Request-Id; those "
         "to an organization carry X-RateLimit-Limit, -Remaining and "
         "-Reset."}}},
      {"servers", json::array({{{"url", "/"}}})},
      {"paths", paths},
      {"components", components()}};
  return document.dump();
}

} // namespace sluice::http
