#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <unordered_set>

namespace sluice::http {

/// The connections that are being served, so that a stop reaches them at once
/// instead of at the end of some time-out. Safe from any thread.
class connection_registry {
public:
  /// What the registry knows of a connection. The connection's thread owns
  /// it; enters it before the first read, leaves before it closes the socket.
  struct entry {
    explicit entry(int fd) : descriptor(fd) {}

    const int descriptor;
    /// Between two requests: nothing is lost when it is cut.
    std::atomic<bool> is_idle{false};
  };

  void enter(entry &joined);
  void leave(entry &left);

  bool is_stopping() const { return is_stopping_.load(); }

  /// From now on `is_stopping`; cuts the idle connections. One that turns
  /// idle later has to look at `is_stopping` after it said so.
  void stop();

  /// True when all have left within `limit`.
  bool wait_empty(std::chrono::milliseconds limit);

  /// Cuts every connection, in the middle of what it does.
  void cut_all();

private:
  std::atomic<bool> is_stopping_{false};
  std::mutex mutex_;
  std::condition_variable emptied_;
  std::unordered_set<entry *> entries_;
};

} // namespace sluice::http
