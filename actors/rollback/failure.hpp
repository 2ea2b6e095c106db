#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "db/model/error.hpp"

namespace sluice::actors {

/// Why a rollback goes no further.
struct rollback_failure {
  /// The store's; nothing was lost by it, and the same call may be made again.
  std::optional<db::error> store{};
  /// Otherwise what stands in the way, and what to do; one line.
  std::string refusal{};
  /// The queue was not empty in time.
  bool is_overdue = false;
};

template <class T>
using rollback_result = tl::expected<T, rollback_failure>;

} // namespace sluice::actors
