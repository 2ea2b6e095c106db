#pragma once

#include <chrono>
#include <string>

#include "http/in/routes/service.hpp"

/// What an owner has an endpoint do.
namespace sluice::http {

/// `POST /api/endpoints/{id}/pause` `{reason?}`: events are kept for it, and
/// none is sent.
answer pause_endpoint(service &shared, tenant_call &call);

/// `POST /api/endpoints/{id}/resume`: it is sent to again, also when the
/// service itself had given it up.
answer resume_endpoint(service &shared, tenant_call &call);

/// `POST /api/endpoints/{id}/rotate-secret` `{grace_seconds?}`: a new secret,
/// shown here and never again. Requests are signed with the old ones, too,
/// until the grace is over.
answer rotate_secret(service &shared, tenant_call &call);

/// Puts a new secret before those that an endpoint has: they expire after
/// `grace`, if not sooner; those that have expired are dropped, and of the rest
/// so many that there are three in all.
void add_secret(db::endpoint &to, std::string sealed, db::timestamp now,
                std::chrono::seconds grace);

} // namespace sluice::http
