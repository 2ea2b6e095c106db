#include "tools/ctl/manner.hpp"

#include <string>

#include <CLI/CLI.hpp>

#include "config/units.hpp"

namespace sluice::tools {

void add_manner(CLI::App &command, manner &into) {
  command.add_flag("--json", into.is_json, "One JSON document as the answer");
  command.add_flag("--yes", into.is_sure, "Don't ask whether it is meant");
  command
      .add_option_function<std::string>(
          "--timeout",
          [&into](const std::string &text) {
            const auto span = config::parse_duration(text);
            if (!span || *span < 1)
              throw CLI::ValidationError("--timeout",
                                         "has to be a duration, as in 5s");
            into.timeout = std::chrono::milliseconds(*span);
          },
          "Of connecting, and of each order; 15s if it is not said")
      ->type_name("TIME");
}

} // namespace sluice::tools
