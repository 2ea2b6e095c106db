#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::http {

using deadline = std::chrono::steady_clock::time_point;

/// Reads and writes of one connected socket, each with a limit. Does not own
/// the descriptor.
class connection_socket {
public:
  enum class outcome : std::uint8_t {
    done,
    /// The peer sends no more.
    ended,
    /// The time was up.
    late,
    /// The connection is gone; nothing can be answered.
    broken,
  };

  struct progress {
    outcome how = outcome::done;
    std::size_t bytes = 0;
  };

  explicit connection_socket(int descriptor) : fd_(descriptor) {}

  int descriptor() const { return fd_; }

  /// Waits for bytes as long as the socket's own receive time-out says: one
  /// system call.
  progress read_idle(std::span<char> into) const;

  /// Waits for bytes until `limit`.
  progress read_until(std::span<char> into, deadline limit) const;

  /// Sends all of `bytes`, in one system call where the socket takes them.
  /// False when the peer is gone or did not take them in time.
  bool write(std::string_view bytes, deadline limit) const;

  /// Sends what the socket takes at once; never waits.
  void write_now(std::string_view bytes) const;

private:
  bool wait_for(short events, deadline limit) const;

  int fd_;
};

} // namespace sluice::http
