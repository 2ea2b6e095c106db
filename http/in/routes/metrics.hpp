#pragma once

#include "http/in/routes/service.hpp"

namespace sluice::http {

/// `GET /metrics`: what is counted, as Prometheus text. No text of a tenant
/// is in it, so everybody may read it.
answer get_metrics(service &shared, const request &in);

} // namespace sluice::http
