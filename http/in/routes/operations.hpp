#pragma once

#include "http/in/routes/admin.hpp"

/// The books, the queue and the parts of the service, for operators.
namespace sluice::http {

/// `POST /admin/v1/ledger/verify` `{most?}`: compares the books with the
/// tables; 200 whether they balance or not.
answer post_verify(service &shared, const request &in);

/// `POST /admin/v1/ledger/repair` `{reason, actor?, dry_run?}`: makes them
/// balance, on the record.
answer post_repair(service &shared, const request &in);

/// `POST /admin/v1/poll` `{actor?, reason?}`: look for items now.
answer post_poll(service &shared, const request &in);

/// `POST /admin/v1/cleanup` `{actor?, reason?, dry_run?}`: rescue stuck items
/// now.
answer post_cleanup(service &shared, const request &in);

/// `POST /admin/v1/actors/{name}/restart` `{actor?, reason?}`.
answer post_restart(service &shared, const request &in);

/// `GET /admin/v1/actors`: the parts of the service, and how they are.
answer get_parts(service &shared, const request &in);

/// `GET /admin/v1/nodes`.
answer get_nodes(service &shared, const request &in);

} // namespace sluice::http
