#include "db/sqlite/fair_lock.hpp"

#include <utility>

namespace sluice::db::sqlite {

fair_lock::turn::turn(turn &&other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)) {}

fair_lock::turn::~turn() {
  if (owner_ != nullptr)
    owner_->release();
}

std::optional<fair_lock::turn> fair_lock::acquire(clock::time_point deadline,
                                                  line where) {
  std::unique_lock guard(mutex_);
  if (!is_taken_) {
    is_taken_ = true;
    return turn(*this);
  }
  auto &mine = where == line::first ? first_ : second_;
  waiter self;
  mine.push_back(&self);
  if (self.called.wait_until(guard, deadline, [&] { return self.has_turn; }))
    return turn(*this);
  std::erase(mine, &self);
  return std::nullopt;
}

std::size_t fair_lock::waiting() const {
  std::lock_guard guard(mutex_);
  return first_.size() + second_.size();
}

fair_lock::waiters &fair_lock::next_line() {
  auto is_first =
      second_.empty() || (!first_.empty() && served_ == line::second);
  served_ = is_first ? line::first : line::second;
  return is_first ? first_ : second_;
}

void fair_lock::release() {
  std::lock_guard guard(mutex_);
  if (first_.empty() && second_.empty()) {
    is_taken_ = false;
    return;
  }
  // The lock stays taken: it passes to the first in line, and nobody who
  // asks in between can overtake. Notified under the mutex, because the
  // waiter's condition is gone as soon as it has seen its turn.
  auto &waiting = next_line();
  auto *next = waiting.front();
  waiting.pop_front();
  next->has_turn = true;
  next->called.notify_one();
}

} // namespace sluice::db::sqlite
