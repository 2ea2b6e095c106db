#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::http {

/// Closes connections so that the peer can read the last answer. To close a
/// socket that has unread bytes sends a reset, which may throw the answer
/// away before the peer has seen it; so this reads on for a moment, on one
/// thread for all of them.
class connection_linger {
public:
  connection_linger();
  /// Closes what is left at once.
  ~connection_linger();
  connection_linger(const connection_linger &) = delete;
  connection_linger &operator=(const connection_linger &) = delete;

  /// Takes the socket over. Never blocks; closes it at once when too many are
  /// waiting already.
  void take(int descriptor);

  /// Gives those that wait a short moment, closes them and ends the thread.
  /// Idempotent; what is taken later is closed at once.
  void stop();

private:
  struct leaving {
    int descriptor = -1;
    std::chrono::steady_clock::time_point until{};
  };

  void run();
  void wait_for_input(std::vector<leaving> &sockets);
  void add_taken(std::vector<leaving> &sockets);
  void wake() const;

  int wake_up_;
  std::mutex mutex_;
  std::vector<leaving> taken_;
  std::size_t count_ = 0;
  bool is_stopping_ = false;
  std::thread thread_;
};

} // namespace sluice::http
