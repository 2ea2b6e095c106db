#pragma once

#include <cstddef>
#include <string_view>

#include "http/in/problem.hpp"

namespace sluice::http {

/// The refusals of a request that is sound but can't be had.
problem not_found();
problem method_not_allowed(std::string_view allow);
problem uri_too_long();
problem length_required();
problem body_not_taken();
problem body_too_large(std::size_t limit);
problem unsupported_encoding();
problem unsupported_media_type();
problem request_timeout();
/// A handler threw. Says nothing of what.
problem internal_error();
/// The server has as many connections as it may.
problem too_many_connections();

} // namespace sluice::http
