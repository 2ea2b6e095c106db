#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace sluice::db::postgres {

/// Ends calls that a frozen server would keep for ever: shuts their socket
/// down at the deadline, upon which libpq returns with an error. One thread
/// serves any number of sessions. Thread-safe.
class watchdog {
public:
  using clock = std::chrono::steady_clock;

private:
  struct entry {
    int socket = -1;
    clock::time_point deadline{};
    bool has_expired = false;
  };

public:
  /// Watches one call while it lives. The socket must not be closed before
  /// its end or `cut`.
  class guard {
  public:
    guard(watchdog &owner, int socket, clock::time_point deadline);
    guard(const guard &) = delete;
    guard &operator=(const guard &) = delete;
    ~guard();

    /// True once the deadline has passed and the socket was shut down.
    bool has_expired() const;

    /// Shuts the socket down now, so that closing it can't block, and forgets
    /// it.
    void cut();

  private:
    watchdog &owner_;
    std::list<entry>::iterator entry_;
  };

  watchdog();
  watchdog(const watchdog &) = delete;
  watchdog &operator=(const watchdog &) = delete;
  /// No guard may be left.
  ~watchdog();

private:
  void run();
  clock::time_point expire_overdue();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<entry> entries_;
  clock::time_point wakes_at_ = clock::time_point::max();
  bool is_stopping_ = false;
  std::thread thread_;
};

} // namespace sluice::db::postgres
