#pragma once

#include <string>

namespace sluice::db::postgres {

/// SQL text that makes the functions by which deliveries are claimed, and what
/// came of them is recorded.
std::string functions_of_deliveries();

} // namespace sluice::db::postgres
