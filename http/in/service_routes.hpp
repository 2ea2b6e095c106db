#pragma once

#include <memory>

#include "actors/gateway.hpp"
#include "config/settings.hpp"
#include "http/in/answer_counts.hpp"
#include "http/in/exchange.hpp"
#include "http/in/routes/service.hpp"

namespace sluice::http {

/// What the routes share. The gateway must outlive it; the settings are
/// copied. `answers` is what the server counts, if it does.
service_ptr make_service(actors::gateway &gateway,
                         const config::settings &settings,
                         std::shared_ptr<const answer_counts> answers = {});

/// Every route of the service, ready for `server`.
route_table make_routes(const service_ptr &shared);

/// The routes below `/admin/v1` and `GET /health/ready`, for whoever has been
/// let in by other means than a token.
route_table make_operator_routes(const service_ptr &shared);

} // namespace sluice::http
