#pragma once

#include <cstdint>
#include <string>

/// Sizes and spans for people. Pure.
namespace sluice::tools {

/// `1.5 GiB`.
std::string size_text(double bytes);

/// `90 s`, `3 h`, `12 d`.
std::string span_text(double seconds);

/// `1.2 ms`.
std::string milliseconds_text(double milliseconds);

/// With one decimal.
std::string decimal_text(double value);

} // namespace sluice::tools
