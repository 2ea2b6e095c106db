#pragma once

#include "http/in/routes/service.hpp"

/// Delivers to webhooks again one event that was delivered, or given up.
namespace sluice::http {

/// `POST /api/events/{id}/replay` `{endpoint_id?, after?, dry_run?}`: to all
/// endpoints that had it, or to one. 409 `not-stored` while it is not in the
/// log. An answer with `next` says that there is more, for another request with
/// `after`.
answer replay_event(service &shared, tenant_call &call);

} // namespace sluice::http
