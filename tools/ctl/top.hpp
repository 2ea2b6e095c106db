#pragma once

#include <chrono>

#include "tools/ctl/console.hpp"

namespace sluice::tools {

struct top_options {
  /// How often it looks; 0: until it is left, or once where there is no
  /// terminal.
  int frames = 0;
  std::chrono::milliseconds interval{1'000};
};

/// Shows the service as it is, again and again. On a terminal it fills the
/// screen until `q`, goes on when the service is away, and leaves the screen as
/// it was. Elsewhere, and as JSON, each look is written out, and the first that
/// fails is the last.
ctl_exit run_top(console &on, const top_options &how);

} // namespace sluice::tools
