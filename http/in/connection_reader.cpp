#include "http/in/connection_reader.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "http/in/connection_problems.hpp"
#include "http/in/framing_target.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t path_bytes = 1024;
// Beyond the largest head there must be room for the pieces of a chunked body.
constexpr std::size_t buffer_bytes = head_limits::bytes + 8'192;
constexpr std::size_t body_step = 65'536;
constexpr std::size_t kept_body_bytes = 65'536;
constexpr std::size_t bytes_in_a_turn = 262'144;

/// Methods of which a request without a length may be the start of one whose
/// body is meant to last until the connection ends.
bool may_carry_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

} // namespace

request_reader::request_reader(const route_matcher &routes, int descriptor)
    : routes_(routes), descriptor_(descriptor),
      buffer_(std::make_unique_for_overwrite<char[]>(buffer_bytes)) {}

void request_reader::note_input(bool is_end) {
  has_input_ = true;
  has_end_ = has_end_ || is_end;
}

request_reader::progress request_reader::read(fault &refused) {
  for (std::size_t taken = 0; taken < bytes_in_a_turn;) {
    refused = digest();
    if (refused) {
      return progress::refused;
    }
    if (part_ == part::whole) {
      request_.method = head_.method;
      request_.headers.swap(head_.headers);
      return progress::whole;
    }
    switch (receive(taken)) {
    case got::some:
      break;
    case got::none:
      return progress::more;
    case got::end:
      if (is_idle()) {
        return progress::ended;
      }
      refused = request_timeout();
      return progress::refused;
    case got::error:
      return progress::broken;
    }
  }
  return progress::much;
}

request_reader::fault request_reader::digest() {
  if (part_ == part::head && end_ > 0) {
    if (fault refused = take_head()) {
      return refused;
    }
  }
  if (part_ == part::sized_body) {
    take_sized_body();
  } else if (part_ == part::chunked_body) {
    return take_chunked_body();
  }
  return std::nullopt;
}

request_reader::fault request_reader::take_head() {
  fault refused = scanner_.scan(input());
  if (refused || !scanner_.is_complete()) {
    return refused;
  }
  consumed_ = scanner_.size();
  refused = parse_head({buffer_.get(), consumed_}, head_);
  if (!refused) {
    refused = find_route();
  }
  if (!refused && route_ == nullptr) {
    part_ = part::whole;
  }
  if (!refused && route_ != nullptr) {
    refused = begin_body();
  }
  return refused;
}

request_reader::fault request_reader::find_route() {
  if (fault refused = check_body()) {
    return refused;
  }
  is_read_ = !head_.has_body() &&
             (head_.content_length || !may_carry_body(head_.method));
  if (head_.method == "OPTIONS" && head_.target == "*") {
    allow_ = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    return std::nullopt;
  }
  const auto parts = split_target(head_.target);
  if (!parts) {
    return bad_request("The target is neither a path nor an http URL.");
  }
  if (parts->path.size() > path_bytes) {
    return uri_too_long();
  }
  const auto path = decode_path(parts->path, path_);
  if (!path) {
    return not_found();
  }
  const auto match = routes_.find(head_.method, *path, request_.path_values);
  if (match.allow.empty()) {
    return not_found();
  }
  allow_ = match.allow;
  route_ = match.found;
  if (route_ == nullptr && head_.method != "OPTIONS") {
    return method_not_allowed(match.allow);
  }
  if (!parse_query(parts->query, request_.query)) {
    return bad_request("The query has a malformed escape.");
  }
  request_.path = *path;
  return std::nullopt;
}

request_reader::fault request_reader::check_body() const {
  if (head_.is_encoded) {
    return unsupported_encoding();
  }
  if (head_.is_multipart) {
    return unsupported_media_type();
  }
  if (head_.has_body() && !may_carry_body(head_.method)) {
    return body_not_taken();
  }
  return std::nullopt;
}

request_reader::fault request_reader::begin_body() {
  if (!head_.has_body()) {
    if (route_->max_body > 0 && !route_->is_body_optional && !is_read_) {
      return length_required();
    }
    is_read_ = true;
    part_ = part::whole;
    return std::nullopt;
  }
  if (route_->max_body == 0) {
    return body_not_taken();
  }
  if (head_.content_length.value_or(0) > route_->max_body) {
    return body_too_large(route_->max_body);
  }
  if (head_.expects_continue && end_ == consumed_) {
    send_continue();
  }
  if (head_.is_chunked) {
    decoder_.emplace(route_->max_body);
    body_.clear();
    part_ = part::chunked_body;
  } else {
    begin_sized_body();
  }
  return std::nullopt;
}

void request_reader::begin_sized_body() {
  const std::size_t size = *head_.content_length;
  part_ = part::sized_body;
  is_gathered_ = consumed_ + size > buffer_bytes;
  if (is_gathered_) {
    const auto here = input().substr(consumed_, size);
    body_.assign(here);
    filled_ = here.size();
    consumed_ += here.size();
  }
}

void request_reader::take_sized_body() {
  const std::size_t size = *head_.content_length;
  if (!is_gathered_ && end_ - consumed_ >= size) {
    request_.body = input().substr(consumed_, size);
    consumed_ += size;
  } else if (is_gathered_ && filled_ == size) {
    request_.body = body_;
  } else {
    return;
  }
  is_read_ = true;
  part_ = part::whole;
}

request_reader::fault request_reader::take_chunked_body() {
  const auto step = decoder_->feed(input().substr(consumed_), body_);
  switch (step.now) {
  case chunk_decoder::state::done:
    consumed_ += step.taken;
    request_.body = body_;
    is_read_ = true;
    part_ = part::whole;
    break;
  case chunk_decoder::state::bad:
    return bad_framing("The chunked body is malformed.");
  case chunk_decoder::state::too_large:
    return body_too_large(route_->max_body);
  case chunk_decoder::state::more:
    // All of it is in `body_` now; its place is used again.
    end_ = consumed_;
    break;
  }
  return std::nullopt;
}

request_reader::got request_reader::receive(std::size_t &taken) {
  while (has_input_) {
    const auto into = room();
    const auto read =
        ::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT);
    if (read > 0) {
      const auto size = static_cast<std::size_t>(read);
      // A read that was not filled has emptied the socket; the end, if it
      // has come, takes one more.
      has_input_ = size == into.size() || has_end_;
      (is_gathered_ ? filled_ : end_) += size;
      taken += size;
      return got::some;
    }
    if (read == 0) {
      return got::end;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      has_input_ = false;
    } else if (errno != EINTR) {
      return got::error;
    }
  }
  return got::none;
}

std::span<char> request_reader::room() {
  if (!is_gathered_) {
    return {buffer_.get() + end_, buffer_bytes - end_};
  }
  // Memory grows with what has come, not with what was promised.
  const std::size_t size = *head_.content_length;
  if (body_.size() == filled_) {
    body_.resize(std::min(size, filled_ + std::max(body_step, filled_)));
  }
  return std::span(body_).subspan(filled_);
}

void request_reader::send_continue() const {
  constexpr std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
  // To a socket to which nothing is on its way; a client that misses it
  // sends the body after a moment anyway (RFC 9110, 10.1.1).
  [[maybe_unused]] const auto sent = ::send(
      descriptor_, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void request_reader::next() {
  end_ -= consumed_;
  std::memmove(buffer_.get(), buffer_.get() + consumed_, end_);
  consumed_ = 0;
  if (body_.capacity() > kept_body_bytes) {
    std::string().swap(body_);
  }
  part_ = part::head;
  scanner_ = {};
  head_.headers.swap(request_.headers);
  head_.clear();
  decoder_.reset();
  filled_ = 0;
  is_gathered_ = false;
  request_.query.clear();
  request_.path_values.clear();
  request_.body = {};
  route_ = nullptr;
  allow_ = {};
  is_read_ = false;
}

} // namespace sluice::http
