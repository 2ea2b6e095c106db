#pragma once

#include <chrono>

namespace CLI {
class App;
} // namespace CLI

namespace sluice::tools {

/// How orders are given, whatever they are.
struct manner {
  bool is_json = false;
  bool is_sure = false;
  std::chrono::milliseconds timeout{15'000};
};

/// Gives a command `--json`, `--yes` and `--timeout`; `into` has to outlive
/// the parsing.
void add_manner(CLI::App &command, manner &into);

} // namespace sluice::tools
