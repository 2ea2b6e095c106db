#pragma once

namespace CLI {
class App;
}

namespace sluice::tools {

/// Adds `config check`, `config show` and `config docs`. Each does its work
/// while `app` parses and then leaves 0 in `exit_code`, or 1 when the settings
/// have faults or the answer could not be written. `exit_code` has to outlive
/// the parsing. Misuse is reported by the parser.
void add_config_command(CLI::App &app, int &exit_code);

} // namespace sluice::tools
