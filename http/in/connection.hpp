#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/in/connection_answer.hpp"
#include "http/in/connection_ids.hpp"
#include "http/in/connection_linger.hpp"
#include "http/in/connection_registry.hpp"
#include "http/in/connection_socket.hpp"
#include "http/in/framing.hpp"
#include "http/in/framing_target.hpp"
#include "http/in/route_match.hpp"
#include "http/in/server.hpp"

namespace sluice::http {

/// What all connections of a server share. Outlives them.
struct connection_context {
  const server_options &options;
  const route_matcher &routes;
  request_ids &ids;
  connection_registry &registry;
  connection_linger &linger;
};

/// One connection from its first byte to its end, on the thread that calls
/// `serve`:
///
///     idle ── bytes ──> head ──> route ──> body ──> handler ──> answer ─┐
///      ^                 └────────┴─────────┴── problem ──────────^     │
///      └────────────────────────── kept alive ──────────────────────────┤
///                                                  linger, close <──────┘
///
/// A request is handled only when all of it is there and sound. After a
/// request that was not read to its end the connection closes, so that none
/// of its bytes is taken for another request.
class connection {
public:
  /// Owns `descriptor`, whose receive time-out is the idle time-out.
  connection(int descriptor, connection_context context);
  ~connection();
  connection(const connection &) = delete;
  connection &operator=(const connection &) = delete;

  /// Serves until the peer leaves, a time-out passes, an answer closes, or
  /// the server stops. Throws only `std::bad_alloc`.
  void serve();

private:
  using fault = std::optional<problem>;

  bool serve_one();
  bool await_bytes();
  response respond();

  fault read_head();
  fault find_route();
  fault check_body() const;
  fault read_body();
  fault read_sized_body();
  fault read_chunked_body();
  fault more_input(std::span<char> into, std::size_t &got);
  void send_continue() const;

  response handle();
  bool answer(const response &what);
  void start_next();

  std::span<char> free_space() const;
  std::string_view input() const { return {buffer_.get(), end_}; }

  connection_context context_;
  connection_socket socket_;
  connection_registry::entry entry_;
  std::string remote_address_;

  /// Holds the request from its first byte, and what came after it.
  std::unique_ptr<char[]> buffer_;
  std::size_t end_ = 0;
  /// Bytes of the buffer that belong to the request.
  std::size_t consumed_ = 0;
  /// The body, when it does not lie whole in the buffer.
  std::string body_;
  std::string path_;

  request_id id_{};
  deadline until_;
  request_head head_;
  request request_;
  const route *route_ = nullptr;
  std::string_view allow_;
  /// All of the request was taken from the connection.
  bool is_read_ = false;
  bool is_broken_ = false;
  bool needs_linger_ = false;

  answer_writer writer_;
};

} // namespace sluice::http
