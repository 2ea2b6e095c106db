#pragma once

#include <memory>

#include "actors/gateway.hpp"
#include "config/settings.hpp"
#include "http/in/answer_counts.hpp"
#include "http/in/exchange.hpp"

namespace sluice::http {

/// Every route of the service, ready for `server`. The gateway must outlive
/// the table; the settings are copied. `answers` is what the server counts,
/// if it does.
route_table make_routes(actors::gateway &gateway,
                        const config::settings &settings,
                        std::shared_ptr<const answer_counts> answers = {});

} // namespace sluice::http
