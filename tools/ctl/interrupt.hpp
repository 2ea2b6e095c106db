#pragma once

#include <csignal>

namespace sluice::tools {

/// While it lives, Ctrl-C ends no process: it is noted, the `wake_bell` rings,
/// and system calls that wait end with EINTR. They may be nested.
class interrupt_watch {
public:
  interrupt_watch();
  interrupt_watch(const interrupt_watch &) = delete;
  interrupt_watch &operator=(const interrupt_watch &) = delete;
  ~interrupt_watch();

  /// Since the newest watch began, or since it was forgotten.
  static bool was_interrupted();
  static void forget();

private:
  struct sigaction kept_ {};
};

} // namespace sluice::tools
