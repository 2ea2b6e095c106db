#pragma once

#include "http/in/routes/admin.hpp"

/// Orders on items of the queue, for operators: on those that are named, or on
/// those that a filter lets through, up to 1000 at a time. With `dry_run` they
/// are shown, and nothing is written.
namespace sluice::http {

/// `POST /admin/v1/queue/requeue` and `/discard` `{ids | status,
/// organization_id, older_than, limit, reason, actor?, dry_run?}`.
answer post_requeue(service &shared, const request &in);
answer post_discard(service &shared, const request &in);

} // namespace sluice::http
