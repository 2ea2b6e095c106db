#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"

namespace CLI {
class App;
}

namespace sluice::tools {

/// What `--config` and `--set` of one command said; filled by the parser.
struct settings_options {
  std::optional<std::string> file;
  std::vector<std::string> overrides;
};

/// Gives a command the options `--config FILE` and `--set KEY=VALUE`. The
/// parser fills what is returned, which has to outlive the parsing: keep it in
/// the command's callback.
std::shared_ptr<settings_options> add_settings_options(CLI::App &command);

/// Where these options look for settings: in the environment of this process
/// and in the working directory as well.
config::sources sources_of(const settings_options &options);

/// The settings from the options, the environment of this process and the
/// working directory. When there are faults, prints each to standard error on
/// a line of its own and returns nothing; the command should end with 1 then.
std::optional<config::loaded> load_settings(const settings_options &options);

} // namespace sluice::tools
