#pragma once

#include "config/load.hpp"
#include "config/settings.hpp"

namespace sluice::tools {

/// Exit codes of `sluice serve`.
enum class serve_exit : int {
  /// Stopped by a signal; everything was finished or given back.
  stopped = 0,
  /// It could not start: store, address or schema; the log says which.
  failed = 1,
  /// A part crashed too often to go on; start again.
  escalated = 70,
};

/// Runs the service until SIGTERM or SIGINT. A second signal leaves at once;
/// SIGHUP makes it look at `sources` again, which `settings` are from.
/// Call from the main thread before any other thread exists.
serve_exit serve(const config::settings &settings,
                 const config::sources &sources);

} // namespace sluice::tools
