#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace sluice::actors {

/// A value, or one line for operators about what went wrong and what to do.
template <class T>
using outcome = tl::expected<T, std::string>;

inline tl::unexpected<std::string> failure(std::string text) {
  return tl::unexpected(std::move(text));
}

} // namespace sluice::actors
