#pragma once

#include "http/in/routes/service.hpp"

/// The settings of the running node: where each comes from, their file, and
/// the overrides, which hold on all nodes until they are unset.
namespace sluice::http {

/// `GET /admin/v1/settings`: each with its value (secrets never shown) and
/// where it comes from; the overrides, with who made them; how the file is.
answer get_settings(service &shared, const request &in);

/// `POST /admin/v1/settings`
/// `{"set": ["key=value", ...], "unset": ["key", ...], actor?, reason?}`: all
/// of them or none, for good; answered as `get_settings`.
answer post_settings(service &shared, const request &in);

/// `POST /admin/v1/reload`: reads the file anew, and answers what is different
/// now. 422 `settings-faulty` with every fault when it can't be used.
answer post_reload(service &shared, const request &in);

} // namespace sluice::http
