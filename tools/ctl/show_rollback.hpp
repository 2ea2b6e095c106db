#pragma once

#include "tools/ctl/show.hpp"

/// Rollbacks as text, as in `show.hpp`.
namespace sluice::tools {

std::string show_plan(const json &plan);
/// The whole record of one.
std::string show_report(const json &run);
/// `rollback` of the gate's answers, in one line, to be escaped yet: which it
/// is, whose, and how to get on from it.
std::string show_standing(const json &rollback);
/// What goes on with it while it is under way, and leads back from it after
/// that.
std::string rollback_command(const json &rollback);
/// One line: the step that is next, and what is left of it.
std::string show_step(const json &run);

} // namespace sluice::tools
