#include <CLI/CLI.hpp>

#include "sluice_version.hpp"
#include "tools/admin_cert_command.hpp"
#include "tools/bench_command.hpp"
#include "tools/config_command.hpp"
#include "tools/ctl/usage.hpp"
#include "tools/ctl_command.hpp"
#include "tools/doctor_command.hpp"
#include "tools/migrate_command.hpp"
#include "tools/serve_command.hpp"

int main(int argc, char **argv) {
  CLI::App app("Sluice: a durable gate for events", "sluice");
  app.set_version_flag("--version", sluice::version);
  app.require_subcommand(1);
  app.failure_message(sluice::tools::usage_message);
  int exit_code = 0;
  sluice::tools::add_serve_command(app, exit_code);
  sluice::tools::add_migrate_command(app, exit_code);
  sluice::tools::add_config_command(app, exit_code);
  sluice::tools::add_ctl_command(app, exit_code);
  sluice::tools::add_doctor_command(app, exit_code);
  sluice::tools::add_admin_cert_command(app, exit_code);
  sluice::tools::add_bench_command(app, exit_code);
  constexpr int usage = 2;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &wrong) {
    return app.exit(wrong) == 0 ? 0 : usage;
  }
  return exit_code;
}
