#pragma once

#include "http/in/routes/service.hpp"

namespace sluice::http {

/// `POST /api/events`: takes one event; 202 after it is durable.
answer post_event(service &shared, tenant_call &call);

/// The same, without waiting.
void post_event_promptly(service &shared, tenant_call &call,
                         tenant_reply reply);

/// `GET /api/events/{id}`: where it is now, with its deliveries.
answer get_event(service &shared, tenant_call &call);

} // namespace sluice::http
