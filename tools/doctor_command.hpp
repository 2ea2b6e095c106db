#pragma once

namespace CLI {
class App;
}

namespace sluice::tools {

/// Adds `sluice doctor`: the checklist for support. Ends with 0 when nothing is
/// critical, 1 when something is, 2 when it was misused, 3 when neither a
/// service nor a store could be looked at.
void add_doctor_command(CLI::App &app, int &exit_code);

} // namespace sluice::tools
