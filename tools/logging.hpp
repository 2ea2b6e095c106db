#pragma once

#include "config/settings.hpp"

namespace sluice::tools {

/// Sends the log to standard error: readable lines, or one JSON object a line
/// with every text escaped. Call once, before threads exist.
void start_logging(const config::log_settings &settings);

/// Another level holds from now on. Thread-safe.
void set_log_level(const config::log_settings &settings);

} // namespace sluice::tools
