#pragma once

#include <string>

namespace sluice::db::postgres {

/// The function that claims what is fetched, as SQL that makes it.
std::string claim_of_pulls();

} // namespace sluice::db::postgres
