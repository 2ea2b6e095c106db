#pragma once

#include <string>

#include "config/describe.hpp"
#include "config/load.hpp"

namespace sluice::config {

/// Every setting with its effective value and where it came from, as TOML that
/// loads again to the same settings. Settings without a value, and those that
/// hold a secret, stand there as comments, the secret as `***`.
std::string show(const loaded &from);

/// The value that a setting has, as text; `***` for a secret, a URL without
/// its password, nothing where none is set.
std::string shown(const description &setting, const settings &values);

/// What of a setting's value, as text, may be shown.
std::string visible(const description &setting, const std::string &text);

/// The page about all settings, in Markdown. The same text every time.
std::string docs();

} // namespace sluice::config
