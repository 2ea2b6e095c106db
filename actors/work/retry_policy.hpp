#pragma once

#include <chrono>
#include <optional>

namespace sluice::actors {

/// How often an item may fail, and how long it waits in between.
struct retry_policy {
  int max_attempts = 5;
  /// Wait after the first failure; doubles with each further one, up to an
  /// hour.
  std::chrono::milliseconds first_wait{1'000};

  /// The wait before an item that has now failed `failed` times (at least 1)
  /// is tried again; nothing: quarantine.
  std::optional<std::chrono::milliseconds> wait_after(int failed) const;
};

} // namespace sluice::actors
