#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/in/exchange.hpp"
#include "http/in/framing.hpp"
#include "http/in/framing_chunks.hpp"
#include "http/in/problem.hpp"
#include "http/in/route_match.hpp"

namespace sluice::http {

/// Reads the requests of one connection, one after the other, as far as their
/// bytes have come; never waits. Does not own the descriptor.
class request_reader {
public:
  using fault = std::optional<problem>;

  request_reader(const route_matcher &routes, int descriptor);

  enum class progress : std::uint8_t {
    /// More bytes have to come first.
    more,
    /// More bytes are there; so many were taken that others should have
    /// their turn first.
    much,
    /// A request is there, whole and sound.
    whole,
    /// It can't be taken; `refused` says why.
    refused,
    /// The peer has closed between two requests.
    ended,
    /// The connection is gone.
    broken,
  };

  /// There is something to read; with `is_end` also the end.
  void note_input(bool is_end);

  progress read(fault &refused);

  /// Not one byte of a request has come.
  bool is_idle() const { return end_ == 0; }
  /// Every byte of the request was taken from the connection, so that what
  /// follows is the next one.
  bool is_read() const { return is_read_; }
  /// There are bytes of ours behind the request.
  bool has_rest() const { return end_ > consumed_; }

  /// The request's. Views live until `next`.
  http::request &request() { return request_; }
  const request_head &head() const { return head_; }
  /// Null where OPTIONS is asked for; `allow` is the answer then.
  const http::route *route() const { return route_; }
  std::string_view allow() const { return allow_; }

  /// Turns to the next request.
  void next();

private:
  enum class part : std::uint8_t { head, sized_body, chunked_body, whole };
  enum class got : std::uint8_t { some, none, end, error };

  fault digest();
  fault take_head();
  fault find_route();
  fault check_body() const;
  fault begin_body();
  void begin_sized_body();
  void take_sized_body();
  fault take_chunked_body();
  got receive(std::size_t &taken);
  std::span<char> room();
  void send_continue() const;
  std::string_view input() const { return {buffer_.get(), end_}; }

  const route_matcher &routes_;
  const int descriptor_;
  bool has_input_ = false;
  bool has_end_ = false;

  /// Holds the request from its first byte, and what came after it.
  std::unique_ptr<char[]> buffer_;
  std::size_t end_ = 0;
  /// Bytes of the buffer that belong to the request.
  std::size_t consumed_ = 0;

  part part_ = part::head;
  head_scanner scanner_;
  request_head head_;
  std::optional<chunk_decoder> decoder_;
  /// The body, when it does not lie whole in the buffer.
  std::string body_;
  std::size_t filled_ = 0;
  bool is_gathered_ = false;

  std::string path_;
  http::request request_;
  const http::route *route_ = nullptr;
  std::string_view allow_;
  bool is_read_ = false;
};

} // namespace sluice::http
