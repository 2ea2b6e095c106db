#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <string>
#include <string_view>

#include "http/in/server.hpp"
#include "tests/support/raw_socket.hpp"

namespace sluice::tests {

/// A server with a few routes that tell what reached them.
///
///     GET    /health
///     POST   /api/events              at most 1000 bytes; answers the body
///     GET    /api/events/{id}         answers the id
///     DELETE /api/events/{id}         204
///     POST   /api/events/{id}/pause   takes no body
///     GET    /echo                    answers headers and query, a line each
///     GET    /large                   answers 4 MB
///     GET    /streams                 answers what `await_piece` is given,
///     piece
///                                     by piece
///     GET    /throws                  throws a secret
///     GET    /waits                   answers when `release` was called
///     GET    /begins                  begun without waiting; answered by what
///                                     `await_begun` returns
///     GET    /begins/{id}             the same, but declined when id is `no`:
///                                     answers `waited` then
class edge_server {
public:
  static http::server_options quick_options();

  explicit edge_server(http::server_options options = quick_options());

  int port() const { return server_.port(); }
  raw_socket connect() const { return raw_socket(port()); }

  /// Requests that reached a handler.
  int handled() const { return handled_.load(); }
  /// Waits until a request has reached `/waits`.
  void await_waiting();
  void release() { released_.set_value(); }
  /// Waits until a request was begun; returns where its answer goes.
  http::reply_sink await_begun();

  /// Waits until a piece of a stream is asked for; returns where it goes.
  http::body_source::piece_sink await_piece();
  /// Streams that were begun and not given up.
  int streams() const { return *streams_; }

  http::server &server() { return server_; }

private:
  class source;

  http::route_table routes();
  http::route begun_route(std::string pattern);
  http::route counted(std::string method, std::string pattern,
                      std::size_t max_body, http::handler handle);

  std::atomic<int> handled_{0};
  std::mutex mutex_;
  std::condition_variable has_begun_;
  std::deque<http::reply_sink> begun_;
  std::deque<http::body_source::piece_sink> asked_;
  std::shared_ptr<std::atomic<int>> streams_ =
      std::make_shared<std::atomic<int>>(0);
  std::promise<void> waiting_;
  std::promise<void> released_;
  std::shared_future<void> release_{released_.get_future()};
  http::server server_;
};

/// `METHOD target` with a Host and these further header lines.
std::string get(std::string_view target, std::string_view more = {});
std::string post(std::string_view body, std::string_view more = {});

} // namespace sluice::tests
