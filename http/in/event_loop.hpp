#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>

#include "http/in/connection.hpp"
#include "http/in/thread_queue.hpp"

struct epoll_event;

namespace sluice::http {

/// Serves connections on one thread that waits for all of them at once.
/// Handlers that may wait get a thread of their own meanwhile, so however
/// slow a client is, or however many there are, it costs memory only.
class event_loop {
public:
  /// All outlive the loop.
  struct shared {
    const server_options &options;
    const route_matcher &routes;
    request_ids &ids;
    connection_linger &linger;
  };

  /// Throws `std::system_error` when the system has no descriptors left.
  explicit event_loop(shared parts);
  /// As `stop`, without grace.
  ~event_loop();
  event_loop(const event_loop &) = delete;
  event_loop &operator=(const event_loop &) = delete;

  void start();

  /// Takes a socket over; false when there are as many connections as there
  /// may be, or the loop stops: the socket is the caller's then. Any thread.
  bool take(int descriptor);

  /// Closes idle connections, lets requests that were begun finish (`grace`
  /// at the most), then cuts the rest and joins the threads. Idempotent. One
  /// thread at a time.
  void stop(std::chrono::milliseconds grace);

private:
  using time_point = std::chrono::steady_clock::time_point;
  using connection_ptr = std::shared_ptr<connection>;

  void run();
  void wait();
  void take_delivered();
  void admit(int descriptor);
  void on_event(const epoll_event &event);
  void go_on_with_rest();
  void advance(const connection_ptr &one);
  template <class Step>
  void take_step(const connection_ptr &one, Step step);
  void follow(const connection_ptr &one, connection::wants wanted);
  void give_to_worker(const connection_ptr &one);
  void drop(const connection_ptr &one);
  void drop_all();
  void look_at_deadlines();
  void close_idle();
  bool is_done();

  shared parts_;
  const int poll_;
  std::shared_ptr<reply_box> box_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_cut_{false};
  /// Those in `connections_` and those on the way there.
  std::atomic<int> count_{0};
  thread_queue workers_;

  // Of the loop's thread.
  std::unordered_map<int, connection_ptr> connections_;
  /// Those that gave way to the others.
  std::set<connection_ptr> rest_;
  /// No connection's time is over before.
  time_point next_look_ = time_point::max();
  bool has_closed_idle_ = false;

  std::mutex mutex_;
  std::condition_variable ended_;
  bool has_ended_ = false;
  std::thread thread_;
};

} // namespace sluice::http
