#pragma once

#include "http/in/routes/service.hpp"

/// An organization's endpoints. Whatever is another's is answered as what
/// does not exist.
namespace sluice::http {

/// `POST /api/endpoints` `{url, ...}`: the endpoint with its first secret,
/// which is shown here and never again.
answer post_endpoint(service &shared, tenant_call &call);

/// `GET /api/endpoints`: all of them, oldest first.
answer get_endpoints(service &shared, tenant_call &call);

/// `GET /api/endpoints/{id}`.
answer get_endpoint(service &shared, tenant_call &call);

/// `PATCH /api/endpoints/{id}`: changes what is said, leaves the rest.
answer patch_endpoint(service &shared, tenant_call &call);

/// `DELETE /api/endpoints/{id}`. What waits for it is not sent any more.
answer delete_endpoint(service &shared, tenant_call &call);

} // namespace sluice::http
