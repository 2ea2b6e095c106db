#pragma once

#include "tools/ctl/show.hpp"

/// Rollbacks as text, as in `show.hpp`.
namespace sluice::tools {

std::string show_plan(const json &plan);
/// The whole record of one.
std::string show_report(const json &run);
/// One line: the step that is next, and what is left of it.
std::string show_step(const json &run);

} // namespace sluice::tools
