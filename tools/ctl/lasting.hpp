#pragma once

#include <string>

/// How long something takes, for people. Pure.
namespace sluice::tools {

/// `0.5 s`, `90 s`, `13 min`, `2 h 13 min`, `3 d 4 h`.
std::string lasting_text(double seconds);

} // namespace sluice::tools
