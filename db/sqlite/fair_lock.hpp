#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace sluice::db::sqlite {

/// A lock that is handed on in the order in which it was asked for, so that
/// no thread is starved by others that take it again and again. Thread-safe.
class fair_lock {
public:
  using clock = std::chrono::steady_clock;

  /// Holds the lock; gives it to the next in line when it goes.
  class turn {
  public:
    explicit turn(fair_lock &owner) : owner_(&owner) {}
    turn(turn &&other) noexcept;
    turn &operator=(turn &&) = delete;
    ~turn();

  private:
    fair_lock *owner_;
  };

  /// Waits in line; nothing when the deadline came first.
  std::optional<turn> acquire(clock::time_point deadline);

private:
  struct waiter {
    std::condition_variable called;
    bool has_turn = false;
  };

  void release();

  std::mutex mutex_;
  std::deque<waiter *> line_;
  bool is_taken_ = false;
};

} // namespace sluice::db::sqlite
