#pragma once

#include "http/in/routes/service.hpp"

namespace sluice::http {

/// `POST /api/webhook/config` `{webhook_url}`: sets where the organization's
/// events are sent to, by way of its default endpoint: makes it, with a secret
/// that is shown here and never again, or gives it the URL. One that the
/// service had given up is sent to again; one that its owner has paused stays
/// paused.
answer post_webhook_config(service &shared, tenant_call &call);

} // namespace sluice::http
