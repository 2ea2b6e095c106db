#include "tools/settings_options.hpp"

#include <iostream>

#include <CLI/CLI.hpp>

namespace sluice::tools {

std::shared_ptr<settings_options> add_settings_options(CLI::App &command) {
  auto options = std::make_shared<settings_options>();
  // A function for each value: CLI11's own conversion to lists would take
  // values like {} for an empty list.
  command
      .add_option_function<std::string>(
          "--config",
          [options](const std::string &file) { options->file = file; },
          "The file with the settings; else $SLUICE_CONFIG, else sluice.toml "
          "if there is one")
      ->type_name("FILE");
  command
      .add_option_function<std::string>(
          "--set",
          [options](const std::string &pair) {
            options->overrides.push_back(pair);
          },
          "One setting for this run, as in --set log.level=debug; as often as "
          "needed")
      ->type_name("KEY=VALUE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->trigger_on_parse();
  return options;
}

config::sources sources_of(const settings_options &options) {
  config::sources from;
  if (options.file)
    from.file = *options.file;
  from.environment = config::process_environment();
  from.overrides = options.overrides;
  return from;
}

std::optional<config::loaded> load_settings(const settings_options &options) {
  auto found = config::load(sources_of(options));
  if (found)
    return std::move(*found);
  for (const auto &fault : found.error())
    std::cerr << config::to_string(fault) << '\n';
  return std::nullopt;
}

} // namespace sluice::tools
