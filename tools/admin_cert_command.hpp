#pragma once

namespace CLI {
class App;
}

namespace sluice::tools {

/// Adds `sluice admin-cert`. `exit_code` is set when it has run.
void add_admin_cert_command(CLI::App &app, int &exit_code);

} // namespace sluice::tools
