#pragma once

#include <string_view>

#include "http/in/routes/service.hpp"

namespace sluice::http {

std::string_view to_string(actors::health_level level);

/// `GET /health/live`: 200 while the process answers.
answer get_live(service &shared, const request &in);

/// `GET /health/ready` and `GET /health`: 200 while events can be accepted,
/// else 503; the newest sample either way.
answer get_ready(service &shared, const request &in);

} // namespace sluice::http
