#include "db/postgres/watchdog.hpp"

#include <algorithm>

#include <sys/socket.h>

namespace sluice::db::postgres {

watchdog::guard::guard(watchdog &owner, int socket, clock::time_point deadline)
    : owner_(owner) {
  std::unique_lock lock(owner_.mutex_);
  entry_ = owner_.entries_.insert(owner_.entries_.end(), {socket, deadline});
  // The thread sleeps until the first deadline that it has seen, also when
  // that call has long ended: so a busy store wakes it once in a time-out,
  // not once a call.
  if (deadline < owner_.wakes_at_) {
    owner_.wakes_at_ = deadline;
    lock.unlock();
    owner_.changed_.notify_one();
  }
}

watchdog::guard::~guard() {
  std::lock_guard lock(owner_.mutex_);
  owner_.entries_.erase(entry_);
}

bool watchdog::guard::has_expired() const {
  std::lock_guard lock(owner_.mutex_);
  return entry_->has_expired;
}

void watchdog::guard::cut() {
  std::lock_guard lock(owner_.mutex_);
  if (entry_->socket >= 0)
    ::shutdown(entry_->socket, SHUT_RDWR);
  entry_->socket = -1;
}

watchdog::watchdog() : thread_([this] { run(); }) {}

watchdog::~watchdog() {
  {
    std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    wakes_at_ = expire_overdue();
    if (wakes_at_ == clock::time_point::max())
      changed_.wait(lock);
    else
      changed_.wait_until(lock, wakes_at_);
  }
}

// The lock is held: a guard can't go, and its socket can't be closed and
// given to somebody else, before the shutdown is done.
watchdog::clock::time_point watchdog::expire_overdue() {
  auto now = clock::now();
  auto next = clock::time_point::max();
  for (auto &watched : entries_) {
    if (watched.has_expired)
      continue;
    if (watched.deadline <= now) {
      watched.has_expired = true;
      if (watched.socket >= 0)
        ::shutdown(watched.socket, SHUT_RDWR);
    } else {
      next = std::min(next, watched.deadline);
    }
  }
  return next;
}

} // namespace sluice::db::postgres
