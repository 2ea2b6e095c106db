#pragma once

#include <string>

#include "config/load.hpp"

namespace sluice::config {

/// Every setting with its effective value and where it came from, as TOML that
/// loads again to the same settings. Settings without a value, and those that
/// hold a secret, stand there as comments, the secret as `***`.
std::string show(const loaded &from);

/// The page about all settings, in Markdown. The same text every time.
std::string docs();

} // namespace sluice::config
