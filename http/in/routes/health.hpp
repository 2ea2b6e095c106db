#pragma once

#include <cstdint>
#include <string_view>

#include "http/in/routes/service.hpp"

namespace sluice::http {

/// How much an operator should mind.
enum class health_level : std::uint8_t { normal, warning, critical };

std::string_view to_string(health_level level);

/// `pending` up to the warning depth is normal, up to the critical depth a
/// warning, above it critical.
health_level queue_level(long pending, const config::health_settings &limits);

/// `GET /health/live`: 200 while the process answers.
answer get_live(service &shared, const request &in);

/// `GET /health/ready` and `GET /health`: 200 while events can be accepted,
/// else 503; the newest sample either way.
answer get_ready(service &shared, const request &in);

} // namespace sluice::http
