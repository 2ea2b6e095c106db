#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "http/in/exchange.hpp"

namespace sluice::http {

class connection;

/// Where threads leave things for the thread of a loop, which sleeps until
/// something comes. Thread-safe, but for what the loop alone calls.
class reply_box {
public:
  /// An answer: to which request of which connection, and how it is made.
  struct reply {
    std::shared_ptr<connection> to;
    std::uint64_t turn = 0;
    std::function<response()> make;
  };

  struct content {
    std::vector<reply> replies;
    /// Sockets of new connections.
    std::vector<int> accepted;
  };

  /// Throws `std::system_error` when the system has no descriptors left.
  reply_box();
  ~reply_box();
  reply_box(const reply_box &) = delete;
  reply_box &operator=(const reply_box &) = delete;

  /// Dropped after `close`.
  void post(reply one);
  /// False after `close`.
  bool post(int accepted);
  void wake();

  /// The loop: takes what is there. Before it sleeps it says so; true: there
  /// is nothing, and whatever comes now makes `descriptor` readable, until it
  /// is silenced: also a little after the loop has said that it is awake.
  content take();
  bool may_sleep();
  void woke_up();
  void silence();
  int descriptor() const { return wake_up_; }

  /// From now on everything is dropped. Returns what was there.
  content close();

private:
  void wake_if_asleep(std::unique_lock<std::mutex> lock);

  const int wake_up_;
  std::mutex mutex_;
  content content_;
  bool is_asleep_ = false;
  bool is_closed_ = false;
};

} // namespace sluice::http
