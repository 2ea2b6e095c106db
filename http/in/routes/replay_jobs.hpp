#pragma once

#include "http/in/routes/service.hpp"

/// Delivers to an endpoint again what it had: a job that the service goes on
/// with by itself, whatever becomes of the client and of the process.
namespace sluice::http {

/// `POST /api/endpoints/{id}/replay` `{since, until?, status?, rate?,
/// dry_run?}`: what was stored from `since` on, and before `until`. 202 with
/// the job; with `dry_run` 200 and how many it would be. 409
/// `too-many-replays`.
answer post_replay(service &shared, tenant_call &call);

/// `GET /api/endpoints/{id}/replays`: the newest first.
answer get_replays(service &shared, tenant_call &call);

/// `GET /api/replays/{id}`.
answer get_replay(service &shared, tenant_call &call);

/// `DELETE /api/replays/{id}`: cancels it. 200 with the job as it is then, also
/// when it had ended before.
answer delete_replay(service &shared, tenant_call &call);

} // namespace sluice::http
