#pragma once

#include "http/in/routes/admin.hpp"

/// Rollbacks: `/admin/v1/rollback`. A caller begins one and then asks to
/// advance until its `state` is another than `under way`.
namespace sluice::http {

/// The plan, by `target` (`sync`, `reject`, `stop`, `undo`).
answer get_rollback_plan(service &shared, const request &in);

/// The newest rollback's record; 404 when there is none.
answer get_rollback(service &shared, const request &in);

/// Begins one, or takes up again the one that was left. 409 while another one
/// is open.
answer post_rollback(service &shared, const request &in);

/// The next step of the one with this `id`. 409 when something stands in the
/// way; with `"is_overdue":true` when the queue was not empty in time.
answer post_rollback_advance(service &shared, const request &in);

answer post_rollback_abort(service &shared, const request &in);

/// Whether what the last one led to holds now.
answer post_rollback_verify(service &shared, const request &in);

} // namespace sluice::http
