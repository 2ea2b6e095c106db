#pragma once

namespace CLI {
class App;
}

namespace sluice::tools {

/// Adds `sluice bench`. `exit_code` is set when it has run: 0, or 1 when it
/// could not measure or a bar was not met with `--assert`.
void add_bench_command(CLI::App &app, int &exit_code);

} // namespace sluice::tools
