#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
} // namespace CLI

namespace sluice::tools {

/// Names that verbs take, beyond those of verbs and options.
struct known_names {
  /// Keys of settings.
  std::vector<std::string> settings;
  /// Parts of the service.
  std::vector<std::string> parts;
};

/// Every word that could stand where the line ends, and begins as its last
/// word does; by name. Pure.
std::vector<std::string> candidates(const CLI::App &verbs,
                                    std::string_view line,
                                    const known_names &names);

/// What all of them begin with.
std::string common_beginning(const std::vector<std::string> &words);

} // namespace sluice::tools
