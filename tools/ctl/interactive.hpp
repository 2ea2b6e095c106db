#pragma once

#include "tools/ctl/manner.hpp"
#include "tools/ctl/verbs.hpp"

namespace sluice::tools {

/// Carries out one line after the other, each as `sluice ctl` would: from the
/// terminal, with editing, or else from standard input. A line that was lost is
/// made again by the next order. Off a terminal it ends as the last line did
/// that failed; `how` holds for lines that say nothing else.
ctl_exit run_console(console &on, const manner &how);

/// What stands before a line: how the service was a moment ago. `health` is
/// null when that is not known. Pure.
std::string prompt_of(const json &health);

} // namespace sluice::tools
