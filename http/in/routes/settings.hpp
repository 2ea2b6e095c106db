#pragma once

#include "http/in/routes/service.hpp"

/// The settings of the running node. What is changed here holds until the
/// node ends: the file and the environment stay as they are.
namespace sluice::http {

/// `GET /admin/v1/settings`: each with its value (secrets never shown), and
/// whether a running service takes over another.
answer get_settings(service &shared, const request &in);

/// `POST /admin/v1/settings` `{"set": ["key=value", ...], actor?, reason?}`:
/// all of them or none; answered as `get_settings`.
answer post_settings(service &shared, const request &in);

} // namespace sluice::http
