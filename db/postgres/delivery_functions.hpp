#pragma once

#include <string>

namespace sluice::db::postgres {

/// SQL text that makes the function by which deliveries are claimed.
std::string claim_of_deliveries();

} // namespace sluice::db::postgres
