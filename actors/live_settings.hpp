#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "config/settings.hpp"

namespace sluice::actors {

/// The settings as they hold now. A snapshot stays as it is; who wants to see
/// a change asks again. Thread-safe.
class live_settings {
public:
  using snapshot = std::shared_ptr<const config::settings>;

  explicit live_settings(config::settings first)
      : now_(std::make_shared<const config::settings>(std::move(first))) {}

  snapshot get() const {
    std::lock_guard lock(mutex_);
    return now_;
  }
  /// For a single look.
  snapshot operator->() const { return get(); }

  void set(config::settings next) {
    auto fresh = std::make_shared<const config::settings>(std::move(next));
    std::lock_guard lock(mutex_);
    now_.swap(fresh);
  }

private:
  mutable std::mutex mutex_;
  snapshot now_;
};

} // namespace sluice::actors
