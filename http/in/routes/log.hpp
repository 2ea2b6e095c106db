#pragma once

#include "http/in/routes/service.hpp"

namespace sluice::http {

/// `GET /api/events?type=&since=&cursor=&limit=`: the log, newest first.
answer get_events(service &shared, tenant_call &call);

/// `GET /api/stream?since=`: the log as it grows, as server-sent events; from
/// `Last-Event-ID` on, or from `since`, or from now.
answer get_stream(service &shared, tenant_call &call);

} // namespace sluice::http
