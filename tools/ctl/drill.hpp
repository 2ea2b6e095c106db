#pragma once

#include <string>

#include "tools/ctl/console.hpp"

/// `sluice ctl drill ...`, one function for each verb.
namespace sluice::tools {

struct drill_words {
  /// `all`, or the drill's name.
  std::string name = "all";
  int events = 200;
  bool is_forced = false;
  /// Of several: goes on after one that failed.
  bool keeps_going = false;
  std::string reason;
};

/// Holds it, or one after the other; refused, unless each has passed.
ctl_exit run_drill(console &on, const drill_words &words);
ctl_exit run_drill_history(console &on, int limit);

} // namespace sluice::tools
