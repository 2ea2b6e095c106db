#pragma once

#include <atomic>
#include <chrono>
#include <list>
#include <thread>
#include <vector>

namespace sluice::tests {

/// A TCP proxy on 127.0.0.1 that cuts a connection to a PostgreSQL server
/// around its COMMIT, or is slow. Threads of its own; ends with the object.
class commit_cutter {
public:
  enum class cut {
    never,
    /// The server never sees the COMMIT.
    before,
    /// The server gets the COMMIT, the client no answer.
    after,
    /// The server gets the COMMIT; neither side hears that the line is dead,
    /// and the client waits for its deadline.
    silently_after,
  };

  /// Each connection waits for `delay` before it reaches the server, one after
  /// the other.
  explicit commit_cutter(int server_port, std::chrono::milliseconds delay = {});
  commit_cutter(const commit_cutter &) = delete;
  commit_cutter &operator=(const commit_cutter &) = delete;
  ~commit_cutter();

  int port() const { return port_; }
  /// What happens to the next COMMITs.
  void set(cut what) { what_ = what; }

private:
  struct line {
    int client = -1;
    int server = -1;
    bool is_silent = false;
  };

  void run();
  void add_line();
  bool pass_to_server(line &through) const;
  bool pass_to_client(const line &through) const;
  void close_lines();

  int server_port_;
  std::chrono::milliseconds delay_;
  int port_ = 0;
  int listener_ = -1;
  std::atomic<cut> what_ = cut::never;
  std::atomic<bool> is_stopping_ = false;
  std::list<line> lines_;
  std::thread thread_;
};

} // namespace sluice::tests
