#pragma once

#include <string>

namespace sluice::db::postgres {

/// SQL text that makes the functions by which old events and old deliveries
/// are removed.
std::string removal_of_old_rows();

} // namespace sluice::db::postgres
