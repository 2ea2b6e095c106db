#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "http/in/answer_counts.hpp"
#include "http/in/exchange.hpp"

namespace sluice::http {

struct server_options {
  /// `host:port`; port 0 takes a free one.
  std::string listen = "127.0.0.1:4000";
  /// Connections served at once; the next one gets a 503 and is closed.
  int max_connections = 1024;
  /// From the first byte of a request to its last.
  std::chrono::milliseconds request_timeout{10'000};
  /// Between two requests of a connection.
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds write_timeout{10'000};
  /// From the beginning of an answer by `route::begin` to its end.
  std::chrono::milliseconds answer_timeout{15'000};
  /// Counts what is answered; may be absent.
  std::shared_ptr<answer_counts> answers{};
};

/// The HTTP edge: accepts connections, reads each request whole within its
/// deadlines, refuses what is badly framed, finds the route, answers. Built on
/// cpp-httplib; the header does not show it.
class server {
public:
  /// Binds at once. Throws `std::runtime_error` with a text for operators
  /// when the address can't be had.
  server(server_options options, route_table routes);
  /// As `stop`.
  ~server();
  server(const server &) = delete;
  server &operator=(const server &) = delete;

  /// Starts to accept, on threads that the server owns.
  void start();

  /// Stops accepting, lets requests that were begun finish (`grace` at the
  /// most), closes idle connections, joins all threads. Idempotent.
  void stop(std::chrono::milliseconds grace = std::chrono::seconds(10));

  /// The port that was bound.
  int port() const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::http
