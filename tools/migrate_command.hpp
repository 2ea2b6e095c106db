#pragma once

namespace CLI {
class App;
}

namespace sluice::tools {

/// Adds `sluice migrate`. `exit_code` is set when it has run.
void add_migrate_command(CLI::App &app, int &exit_code);

} // namespace sluice::tools
