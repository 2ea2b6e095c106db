#pragma once

#include "actors/shared.hpp"

namespace sluice::actors {

/// Lets other settings hold from now on, and tells those who planned by the old
/// ones. Only those may differ that a running service takes over. Any thread;
/// one at a time.
void apply_settings(shared_parts &parts, config::settings next);

} // namespace sluice::actors
