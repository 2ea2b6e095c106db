#include "tools/config_command.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "config/print.hpp"
#include "tools/settings_options.hpp"

namespace sluice::tools {

namespace {

int answer(const std::string &text) {
  std::cout << text << std::flush;
  if (std::cout)
    return EXIT_SUCCESS;
  std::cerr << "the answer could not be written\n";
  return EXIT_FAILURE;
}

std::string verdict(const config::loaded &settings) {
  auto file = settings.file ? config::one_line(settings.file->string(), 1000)
                            : std::string("no file");
  return "the settings are fine (" + file + ", " +
         std::to_string(settings.origins.size()) + " not at their defaults)\n";
}

/// Adds a verb that answers with what `text` makes of the settings.
template <class Text>
void add_settings_verb(CLI::App &config, int &exit_code,
                       const std::string &verb, const std::string &help,
                       Text text) {
  auto *command = config.add_subcommand(verb, help);
  auto options = add_settings_options(*command);
  command->callback([options, text, &exit_code] {
    auto settings = load_settings(*options);
    exit_code = settings ? answer(text(*settings)) : EXIT_FAILURE;
  });
}

} // namespace

void add_config_command(CLI::App &app, int &exit_code) {
  auto *config = app.add_subcommand("config", "Checks and shows the settings");
  config->require_subcommand(1);
  add_settings_verb(
      *config, exit_code, "check",
      "Says whether the service would start with these settings, and "
      "lists all faults",
      verdict);
  add_settings_verb(
      *config, exit_code, "show",
      "Prints each setting's effective value and where it came from, as "
      "TOML",
      config::show);
  auto *docs = config->add_subcommand(
      "docs", "Prints the page about all settings, in Markdown");
  docs->callback([&exit_code] { exit_code = answer(config::docs()); });
}

} // namespace sluice::tools
