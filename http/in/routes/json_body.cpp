#include "http/in/routes/json_body.hpp"

#include "http/in/fields.hpp"

#include <utility>

#include "http/in/media_type.hpp"
#include "http/in/refusals.hpp"

namespace sluice::http {

tl::expected<json_document, problem>
scan_body(const request &in, json_scanner &scanner, body_rule rule) {
  const bool is_left_out = rule == body_rule::optional && in.body.empty();
  if (!is_left_out)
    if (auto type = body_type(in); !type)
      return tl::unexpected(std::move(type.error()));
  const auto body = scanner.scan(is_left_out ? "{}" : in.body);
  if (!body)
    return tl::unexpected(invalid_json(body.error()));
  return *body;
}

tl::expected<void, problem> expect_no_fields(const request &in) {
  json_scanner scanner;
  const auto body = scan_body(in, scanner, body_rule::optional);
  if (!body)
    return tl::unexpected(body.error());
  const field_reader fields(*body, {});
  if (!fields.is_good())
    return tl::unexpected(fields.refusal());
  return {};
}

} // namespace sluice::http
