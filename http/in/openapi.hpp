#pragma once

#include <string>

#include "http/in/exchange.hpp"

namespace sluice::http {

/// The OpenAPI 3.1 document of these routes. Throws `std::logic_error` for a
/// route that nobody has described, and for a description without a route.
std::string openapi_document(const route_table &routes);

} // namespace sluice::http
