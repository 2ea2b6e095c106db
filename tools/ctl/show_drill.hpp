#pragma once

#include <string>

#include "tools/ctl/show.hpp"

/// Drills as text. Pure.
namespace sluice::tools {

/// The whole record: the verdict first.
std::string show_drill(const json &report);
/// Several, a line for each.
std::string show_drills(const json &all);
/// The verdict in one line, as in `kill-worker: passed, recovered in 112 ms`.
std::string show_drill_verdict(const json &report);

} // namespace sluice::tools
