#include "db/sqlite/fair_lock.hpp"

#include <utility>

namespace sluice::db::sqlite {

fair_lock::turn::turn(turn &&other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)) {}

fair_lock::turn::~turn() {
  if (owner_ != nullptr)
    owner_->release();
}

std::optional<fair_lock::turn> fair_lock::acquire(clock::time_point deadline) {
  std::unique_lock guard(mutex_);
  if (!is_taken_) {
    is_taken_ = true;
    return turn(*this);
  }
  waiter self;
  line_.push_back(&self);
  if (self.called.wait_until(guard, deadline, [&] { return self.has_turn; }))
    return turn(*this);
  std::erase(line_, &self);
  return std::nullopt;
}

void fair_lock::release() {
  std::lock_guard guard(mutex_);
  if (line_.empty()) {
    is_taken_ = false;
    return;
  }
  // The lock stays taken: it passes to the first in line, and nobody who
  // asks in between can overtake. Notified under the mutex, because the
  // waiter's condition is gone as soon as it has seen its turn.
  auto *next = line_.front();
  line_.pop_front();
  next->has_turn = true;
  next->called.notify_one();
}

} // namespace sluice::db::sqlite
