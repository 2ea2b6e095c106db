#pragma once

#include "actors/gateway.hpp"
#include "config/settings.hpp"
#include "http/in/exchange.hpp"

namespace sluice::http {

/// Every route of the service, ready for `server`. The gateway must outlive
/// the table; the settings are copied.
route_table make_routes(actors::gateway &gateway,
                        const config::settings &settings);

} // namespace sluice::http
