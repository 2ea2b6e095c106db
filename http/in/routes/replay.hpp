#pragma once

#include "http/in/routes/service.hpp"

/// Delivers to webhooks again what was delivered, or given up. Long replays
/// are made in steps; an answer with `next` says that there is more, for
/// another request with `after`.
namespace sluice::http {

/// `POST /api/events/{id}/replay` `{endpoint_id?, after?, dry_run?}`: one
/// event, to all endpoints that had it, or to one. 409 `not-stored` while it is
/// not in the log.
answer replay_event(service &shared, tenant_call &call);

/// `POST /api/endpoints/{id}/replay` `{since, until?, dead_letters_only?,
/// after?, dry_run?}`: what was stored from `since` on, and before `until`.
answer replay_endpoint(service &shared, tenant_call &call);

} // namespace sluice::http
