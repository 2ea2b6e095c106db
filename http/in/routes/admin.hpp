#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "http/in/fields.hpp"
#include "http/in/routes/service.hpp"

/// What the routes below `/admin/v1` have in common. All want the admin token
/// (`Authorization: Bearer`); without `auth.admin_token` there are none.
namespace sluice::http {

/// Wraps a handler: 403 `admin-off` without an admin token in the settings,
/// 401 for whoever does not show it.
handler for_admin(service_ptr shared, public_handler handle);

/// Who an operator's order is from, and why it is given.
struct order_reason {
  std::string actor;
  std::string reason;
};

/// The members `actor` and `reason` of a body: 1 to 255 and 1 to 1000
/// printable bytes. Without them: `admin`, and nothing.
order_reason read_reason(field_reader &fields);

/// Reads an order's body, an object with no members but `known` (an empty body
/// is `{}`), and carries it out: `carry_out` is called with its fields, and
/// asks them itself whether all is well.
answer read_order(const request &in,
                  std::initializer_list<std::string_view> known,
                  const std::function<answer(field_reader &)> &carry_out);

} // namespace sluice::http
