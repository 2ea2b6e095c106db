#include "http/in/routes/admin.hpp"

#include <utility>

#include "http/in/json_text.hpp"
#include "http/in/media_type.hpp"
#include "http/in/signup.hpp"

namespace sluice::http {

namespace {

problem admin_off() {
  problem out;
  out.status = 403;
  out.slug = "admin-off";
  out.title = "The admin routes are off";
  out.detail = "set auth.admin_token to have them";
  return out;
}

std::string read_line(field_reader &fields, std::string_view name,
                      std::size_t longest) {
  auto text = fields.string(fields.find(name));
  if (!text)
    return {};
  if (text->empty() || text->size() > longest || !is_printable(*text))
    fields.fault(name, "has to be 1 to " + std::to_string(longest) +
                           " bytes without control characters");
  return std::move(*text);
}

} // namespace

handler for_admin(service_ptr shared, public_handler handle) {
  return [shared = std::move(shared),
          handle = std::move(handle)](const request &in) {
    const auto settings = shared->settings_now();
    if (settings->auth.admin_token.empty())
      return to_response(admin_off(), in.id);
    const auto allowed = is_admin(in, settings->auth);
    if (!allowed)
      return to_response(allowed.error(), in.id);
    if (!*allowed)
      return to_response(missing_credentials(), in.id);
    answer made = handle(*shared, in);
    response out = made ? std::move(*made) : to_response(made.error(), in.id);
    out.headers.emplace_back("Cache-Control", "no-store");
    return out;
  };
}

order_reason read_reason(field_reader &fields) {
  constexpr std::size_t longest_actor = 255;
  constexpr std::size_t longest_reason = 1000;
  order_reason out{read_line(fields, "actor", longest_actor),
                   read_line(fields, "reason", longest_reason)};
  if (out.actor.empty())
    out.actor = "admin";
  return out;
}

answer read_order(const request &in,
                  std::initializer_list<std::string_view> known,
                  const std::function<answer(field_reader &)> &carry_out) {
  if (!in.body.empty())
    if (auto type = body_type(in); !type)
      return tl::unexpected(std::move(type.error()));
  json_scanner scanner;
  const auto body = scanner.scan(in.body.empty() ? "{}" : in.body);
  if (!body)
    return tl::unexpected(invalid_json(body.error()));
  field_reader fields(*body, known);
  return carry_out(fields);
}

} // namespace sluice::http
