#pragma once

#include "actors/admin_orders.hpp"
#include "http/in/routes/service.hpp"

namespace sluice::http {

/// Carries out the orders of consoles: with the handlers of the routes below
/// `/admin/v1`, and that of `GET /health/ready`, without a token, because
/// whoever can give an order has shown a certificate. What an order changes
/// is recorded in the operator's name and logged.
actors::admin_orders make_console_orders(const service_ptr &shared);

} // namespace sluice::http
