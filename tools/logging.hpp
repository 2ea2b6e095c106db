#pragma once

#include "config/settings.hpp"

namespace sluice::tools {

/// Sends the log to standard error: readable lines, or one JSON object a line
/// with every text escaped. Call once, before threads exist.
void start_logging(const config::log_settings &settings);

} // namespace sluice::tools
