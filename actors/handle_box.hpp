#pragma once

#include <mutex>
#include <utility>

namespace sluice::actors {

/// A stable way to a child that may be restarted: holds its handle while it
/// lives and nothing while it is down. Set by the child's supervisor, read
/// from any thread.
template <class Handle>
class handle_box {
public:
  /// The child's handle; empty while it is down. Sending to an empty handle
  /// does nothing.
  Handle get() const {
    std::lock_guard lock(mutex_);
    return handle_;
  }

  void set(Handle handle) {
    std::lock_guard lock(mutex_);
    std::swap(handle_, handle);
  }

private:
  mutable std::mutex mutex_;
  Handle handle_;
};

} // namespace sluice::actors
