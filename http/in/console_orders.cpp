#include "http/in/console_orders.hpp"

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "http/in/connection_ids.hpp"
#include "http/in/connection_problems.hpp"
#include "http/in/framing_target.hpp"
#include "http/in/json_text.hpp"
#include "http/in/refusals.hpp"
#include "http/in/route_match.hpp"
#include "http/in/service_routes.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t longest_operator = 255;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_operator && is_printable(text);
}

/// `{"a":1}` becomes `{"actor":"NAME","a":1}`, and nothing `{"actor":"NAME"}`.
/// An `actor` that was there makes two of them, which is refused.
std::string signed_by(std::string_view name, std::string_view body) {
  if (body.empty())
    body = "{}";
  const auto brace = body.find('{');
  if (brace == std::string_view::npos)
    return std::string(body);
  const auto rest = body.substr(brace + 1);
  const auto first = rest.find_first_not_of(" \t\r\n");
  const bool is_empty = first == std::string_view::npos || rest[first] == '}';
  return "{\"actor\":" + json_string(name) + (is_empty ? "" : ",") +
         std::string(rest);
}

/// The table, and what finds an order's row in it.
class order_desk {
public:
  explicit order_desk(const service_ptr &shared)
      : routes_(make_operator_routes(shared)) {}

  actors::admin_answer carry_out(const actors::admin_order &order) {
    const auto id = ids_.next();
    const std::string_view name(id.data(), id.size());
    auto made = answer_to(order, name);
    if (order.method != "GET")
      spdlog::info("{} {} by {} at a console: {} ({})", order.method,
                   order.path, order.operator_name, made.status, name);
    return {made.status, std::move(made.body)};
  }

private:
  response answer_to(const actors::admin_order &order, std::string_view id) {
    request in;
    const auto parts = split_target(order.path);
    if (!parts || !parse_query(parts->query, in.query))
      return to_response(not_found(), id);
    const auto match = routes_.find(order.method, parts->path, in.path_values);
    if (!match.found)
      return to_response(match.allow.empty() ? not_found()
                                             : method_not_allowed(match.allow),
                         id);
    if (order.body.size() > match.found->max_body)
      return to_response(match.found->max_body == 0
                             ? body_not_taken()
                             : body_too_large(match.found->max_body),
                         id);
    const auto body = order.method == "GET"
                          ? order.body
                          : signed_by(order.operator_name, order.body);
    in.method = order.method;
    in.path = parts->path;
    in.body = body;
    in.remote_address = "console";
    in.id = id;
    in.headers.emplace_back("content-type", "application/json");
    return match.found->handle(in);
  }

  route_matcher routes_;
  request_ids ids_;
};

bool is_path(std::string_view text) {
  constexpr std::size_t longest = 1024;
  return text.starts_with('/') && text.size() <= longest &&
         is_printable(text) && text.find("//") == std::string_view::npos;
}

/// What is wrong with the order's frame.
std::optional<problem> refusal_of(const actors::admin_order &order) {
  if (!is_name(order.operator_name))
    return invalid_field("/operator", "has to be 1 to 255 bytes without "
                                      "control characters");
  if (!is_path(order.path) || !is_name(order.method))
    return not_found();
  return std::nullopt;
}

} // namespace

actors::admin_orders make_console_orders(const service_ptr &shared) {
  return [desk = std::make_shared<order_desk>(shared)](
             const actors::admin_order &order) -> actors::admin_answer {
    try {
      if (const auto refused = refusal_of(order))
        return {refused->status, to_response(*refused, "console").body};
      return desk->carry_out(order);
    } catch (const std::exception &why) {
      spdlog::error("an order of a console failed: {}", why.what());
      return {500, to_response(internal_error(), "console").body};
    }
  };
}

} // namespace sluice::http
