#pragma once

#include "http/in/routes/service.hpp"

namespace sluice::http {

/// `POST /api/keys/generate` `{organization_name, tier?,
/// rate_limit_per_minute?}`: makes an organization with its first key, which
/// is shown here and never again. The last member (0: without limit) is for
/// the admin token only.
answer generate_key(service &shared, const request &in);

/// `GET /api/keys`: the organization and its keys, without their secrets.
answer get_keys(service &shared, tenant_call &call);

/// `POST /api/keys/rotate` `{grace_seconds?}`: a new key, shown once; the
/// others expire after the grace, on this node at once.
answer rotate_key(service &shared, tenant_call &call);

} // namespace sluice::http
