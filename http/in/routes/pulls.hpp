#pragma once

#include "http/in/routes/service.hpp"

namespace sluice::http {

/// `POST /api/inbox/claim`: events of the inbox, or of an endpoint that is
/// pulled from, are the caller's for a while.
answer post_claim(service &shared, tenant_call &call);

/// `POST /api/inbox/ack`, `/release`, `/extend`: what becomes of them.
answer post_claim_ack(service &shared, tenant_call &call);
answer post_claim_release(service &shared, tenant_call &call);
answer post_claim_extend(service &shared, tenant_call &call);

} // namespace sluice::http
