#include "http/in/connection_registry.hpp"

#include <sys/socket.h>

namespace sluice::http {

void connection_registry::enter(entry &joined) {
  const std::lock_guard lock(mutex_);
  entries_.insert(&joined);
}

void connection_registry::leave(entry &left) {
  const std::lock_guard lock(mutex_);
  entries_.erase(&left);
  if (entries_.empty()) {
    emptied_.notify_all();
  }
}

void connection_registry::stop() {
  is_stopping_.store(true);
  const std::lock_guard lock(mutex_);
  for (const entry *each : entries_) {
    if (each->is_idle.load()) {
      ::shutdown(each->descriptor, SHUT_RD);
    }
  }
}

bool connection_registry::wait_empty(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return emptied_.wait_for(lock, limit, [this] { return entries_.empty(); });
}

void connection_registry::cut_all() {
  const std::lock_guard lock(mutex_);
  for (const entry *each : entries_) {
    ::shutdown(each->descriptor, SHUT_RDWR);
  }
}

} // namespace sluice::http
