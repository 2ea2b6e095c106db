#pragma once

#include "http/in/routes/admin.hpp"

/// What only the service can tell about itself, for operators.
namespace sluice::http {

/// `GET /admin/v1/counts`: what this node has done since it started, and how
/// many of its workers work. Cheap; meant to be asked for every second.
answer get_counts(service &shared, const request &in);

/// `GET /admin/v1/diagnosis`: its process, its machine, and its store, which
/// is looked at anew over a connection of its own; 200 when that fails, too.
answer get_diagnosis(service &shared, const request &in);

} // namespace sluice::http
