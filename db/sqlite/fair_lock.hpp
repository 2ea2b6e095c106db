#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace sluice::db::sqlite {

/// A lock that is handed on in the order in which it was asked for, so that
/// no thread is starved by others that take it again and again. There are two
/// lines: who waits in the first gets every second turn at the least, however
/// many wait in the other. Thread-safe.
class fair_lock {
public:
  using clock = std::chrono::steady_clock;

  enum class line : std::uint8_t { first, second };

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
  std::optional<turn> acquire(clock::time_point deadline,
                              line where = line::second);

  /// How many wait, in both lines.
  std::size_t waiting() const;

private:
  struct waiter {
    std::condition_variable called;
    bool has_turn = false;
  };

  using waiters = std::deque<waiter *>;

  void release();
  waiters &next_line();

  mutable std::mutex mutex_;
  waiters first_;
  waiters second_;
  bool is_taken_ = false;
  /// The line that had the last turn which was handed on.
  line served_ = line::second;
};

} // namespace sluice::db::sqlite
