#pragma once

#include <string_view>
#include <vector>

/// What the parts of the service are called by those who start one again.
namespace sluice::actors {

/// All names that `gateway::restart` knows. `worker` and `reader` stand for
/// one of several.
const std::vector<std::string_view> &restartable_names();

/// By which of them a part is started again: itself, or `worker` for
/// `worker 3`. Empty: it can't be by itself.
std::string_view restart_name_of(std::string_view part);

} // namespace sluice::actors
