#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/in/connection_answer.hpp"
#include "http/in/connection_ids.hpp"
#include "http/in/connection_linger.hpp"
#include "http/in/connection_reader.hpp"
#include "http/in/reply_box.hpp"
#include "http/in/route_match.hpp"
#include "http/in/server.hpp"

namespace sluice::http {

/// What all connections of a server share. Outlives them, but for the box,
/// which is shared.
struct connection_context {
  const server_options &options;
  const route_matcher &routes;
  request_ids &ids;
  connection_linger &linger;
  const std::atomic<bool> &is_stopping;
  std::shared_ptr<reply_box> replies;
};

/// One connection from its first byte to its end, as a machine that never
/// waits:
///
///     idle ── bytes ──> head ──> route ──> body ──> handler ──> answer ─┐
///      ^                 └────────┴─────────┴── problem ──────────^     │
///      └────────────────────────── kept alive ──────────────────────────┤
///                                                  linger, close <──────┘
///
/// An answer with a source is written piece by piece (`streaming` between two
/// of them), and closes the connection.
///
/// A request is handled only when all of it is there and sound. After a
/// request that was not read to its end the connection closes, so that none
/// of its bytes is taken for another request.
///
/// Belongs to the thread of its loop, except for `work`.
class connection : public std::enable_shared_from_this<connection> {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What it waits for.
  enum class wants : std::uint8_t {
    /// Bytes from the peer.
    input,
    /// That the peer takes bytes.
    output,
    /// That `work` is called, on a thread that may wait.
    worker,
    /// `answer`.
    reply,
    /// To go on, once the others had their turn: it could for long.
    turn,
    /// Nothing more: to be destroyed.
    end,
  };

  /// Owns `descriptor`, which does not block, if it does not throw.
  connection(int descriptor, connection_context context);
  ~connection();
  connection(const connection &) = delete;
  connection &operator=(const connection &) = delete;

  /// Negative once it is closed.
  int descriptor() const { return descriptor_; }

  /// Closes the socket, after a moment where the peer has to read something.
  /// Replies to it are dropped from now on.
  void close();

  /// The socket has something to read, or has been closed by the peer
  /// (`is_end`).
  void note_input(bool is_end) {
    has_peer_ended_ = has_peer_ended_ || is_end;
    reader_.note_input(is_end);
  }

  /// Goes on as far as it can without waiting. Throws only `std::bad_alloc`.
  wants go_on();

  /// Runs the handler of the request that is there; the answer comes back by
  /// the box.
  void work();

  /// The answer to the request, or the next piece of it as its body; dropped
  /// when `turn` is not the request that is waiting. `go_on` sends it.
  void answer(std::uint64_t turn, const response &what);
  std::uint64_t turn() const { return turn_; }

  /// When it has waited long enough for what it wants.
  time_point until() const { return until_; }

  /// That moment has come.
  wants expire();

  /// Between two requests: nothing is lost when it is closed.
  bool is_idle() const;

  /// A request was begun, and the peer is waited for in nothing.
  bool is_handling() const { return phase_ == phase::handling; }

  /// A piece was taken, and the next one is not there.
  bool is_streaming() const { return phase_ == phase::streaming; }

private:
  enum class phase : std::uint8_t {
    reading,
    handling,
    writing,
    streaming,
    over
  };
  using fault = request_reader::fault;

  wants read();
  wants handle();
  wants begin(const route &asked);
  wants write();
  void refuse(problem what);
  void send(const response &what);
  void send_piece(const response &piece);
  wants ask_for_piece();
  void start_next();

  connection_context context_;
  int descriptor_;
  std::string remote_address_;
  request_reader reader_;
  phase phase_ = phase::reading;
  time_point until_;
  /// The requests that were given to a handler so far.
  std::uint64_t turn_ = 0;
  request_id id_{};
  answer_writer writer_;
  /// What is left of the answer; in the writer's memory, or in `piece_`.
  std::string_view unsent_;
  std::string piece_;
  std::shared_ptr<body_source> source_;
  bool closes_ = false;
  bool needs_linger_ = false;
  bool has_peer_ended_ = false;
};

} // namespace sluice::http
