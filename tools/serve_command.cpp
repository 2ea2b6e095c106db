#include "tools/serve_command.hpp"

#include <CLI/CLI.hpp>

#include "tools/logging.hpp"
#include "tools/service.hpp"
#include "tools/settings_options.hpp"

namespace sluice::tools {

void add_serve_command(CLI::App &app, int &exit_code) {
  auto *command = app.add_subcommand(
      "serve", "Runs the service until SIGTERM or Ctrl-C; the first start "
               "creates the store");
  auto options = add_settings_options(*command);
  command->callback([options, &exit_code] {
    auto loaded = load_settings(*options);
    if (!loaded) {
      exit_code = static_cast<int>(serve_exit::failed);
      return;
    }
    start_logging(loaded->values.log);
    exit_code = static_cast<int>(serve(loaded->values, sources_of(*options)));
  });
}

} // namespace sluice::tools
