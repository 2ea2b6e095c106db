#pragma once

#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "config/fault.hpp"
#include "config/settings.hpp"

namespace sluice::config {

/// `from` with other values: `key=value` each, as `--set` takes them; of two
/// for the same key the later one holds. Only of settings that a running
/// service takes over. Otherwise every fault, settings that contradict each
/// other included.
tl::expected<settings, std::vector<fault>>
amend(settings from, std::span<const std::string> assignments);

} // namespace sluice::config
