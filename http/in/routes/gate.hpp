#pragma once

#include "http/in/routes/admin.hpp"

/// The dials, for operators.
namespace sluice::http {

/// `GET /admin/v1/gate`: how the dials stand, how far a drain is, and the
/// certificate of the last one.
answer get_gate(service &shared, const request &in);

/// `POST /admin/v1/mode` `{mode, retry_after?, …}`: `async`, `sync`, `reject`.
answer post_mode(service &shared, const request &in);

/// `POST /admin/v1/pause` and `/admin/v1/resume` `{dial, …}`: `processing` or
/// `delivery`.
answer post_pause(service &shared, const request &in);
answer post_resume(service &shared, const request &in);

/// `POST /admin/v1/drain` `{timeout?, …}`: returns at once; `GET
/// /admin/v1/gate` shows how far it is.
answer post_drain(service &shared, const request &in);

} // namespace sluice::http
