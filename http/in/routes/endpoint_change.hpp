#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include <tl/expected.hpp>

#include "http/in/routes/service.hpp"

/// What the routes of endpoints have in common.
namespace sluice::http {

/// Wraps a handler: 503 `webhooks-off` while there is nothing to seal secrets
/// with.
tenant_handler for_webhooks(tenant_handler handle);

/// The id in the path; 404 for text that is none.
tl::expected<db::endpoint_id, problem> endpoint_in_path(const request &in);

/// An organization's endpoint as it is; 404 when it is not there.
tl::expected<db::endpoint, problem>
endpoint_of(service &shared, db::organization_id owner, db::endpoint_id id);

/// Changes an endpoint as long as nobody else does at the same time: `step`
/// is given what is there, several times if need be. Returns it as it was
/// saved; 404 when it is not there, 409 `changed-meanwhile` when others were
/// faster each time. What is sent follows.
tl::expected<db::endpoint, problem>
change_endpoint(service &shared, db::organization_id owner, db::endpoint_id id,
                const std::function<void(db::endpoint &)> &step);

/// 409: others were faster.
problem changed_meanwhile();

/// 409: the organization has as many endpoints as it may have.
problem too_many_endpoints(int most);

/// As `store_failure`, for changes of endpoints and deliveries.
problem endpoint_failure(const db::error &why);

/// A secret that nobody has seen yet.
struct fresh_secret {
  /// What its owner gets to see, once.
  std::string shown;
  std::string sealed;
};

/// Throws when the system has no random bytes.
fresh_secret make_secret(const secret_box &box);

/// An answer with a secret in it: `Cache-Control: no-store`.
response secret_answer(int status, std::string body);

} // namespace sluice::http
