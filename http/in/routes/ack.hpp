#pragma once

#include "http/in/routes/service.hpp"

namespace sluice::http {

/// `POST /api/ack/{event_id}`: marks one event as delivered; 404 for what is
/// not in the organization's log. The body is empty or `{}`.
answer post_ack(service &shared, tenant_call &call);

/// `POST /api/ack` `{ids:[…]}`: the same for 1 to 100 events, each with its
/// result: `delivered` or `not_found`.
answer post_ack_batch(service &shared, tenant_call &call);

} // namespace sluice::http
