#include "http/in/problem.hpp"

#include <nlohmann/json.hpp>

namespace sluice::http {

std::string json_string(std::string_view text) {
  using nlohmann::json;
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string json_string_or_null(std::string_view text) {
  return text.empty() ? "null" : json_string(text);
}

std::string json_time_or_null(const std::optional<db::timestamp> &at) {
  return at ? '"' + db::to_rfc3339(*at) + '"' : "null";
}

std::string json_number(std::string_view name, std::int64_t value) {
  return '"' + std::string(name) + "\":" + std::to_string(value);
}

response to_response(const problem &what, std::string_view request_id) {
  response out;
  out.status = what.status;
  out.content_type = "application/problem+json";
  out.headers = what.headers;
  out.closes = what.closes;

  const std::string detail = json_string(what.detail);
  std::string &body = out.body;
  body.append(R"({"type":"urn:sluice:problem:)").append(what.slug);
  body.append(R"(","title":)").append(json_string(what.title));
  body.append(R"(,"status":)").append(std::to_string(what.status));
  body.append(R"(,"detail":)").append(detail);
  body.append(R"(,"instance":)").append(json_string(request_id));
  body.append(R"(,"error":)").append(detail);
  for (const auto &[name, value] : what.extensions) {
    body.append(",").append(json_string(name)).append(":").append(value);
  }
  if (what.retry_after) {
    const std::string seconds = std::to_string(*what.retry_after);
    body.append(R"(,"retry_after":)").append(seconds);
    out.headers.emplace_back("Retry-After", seconds);
  }
  body.append("}");
  return out;
}

} // namespace sluice::http
