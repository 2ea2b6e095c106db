#pragma once

namespace CLI {
class App;
}

namespace sluice::tools {

/// Adds `sluice ctl`. `exit_code` is set when a verb has run, to one of
/// `ctl_exit`.
void add_ctl_command(CLI::App &app, int &exit_code);

} // namespace sluice::tools
