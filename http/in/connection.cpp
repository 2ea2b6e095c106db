#include "http/in/connection.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <typeinfo>

#include <spdlog/spdlog.h>

#include "http/in/connection_problems.hpp"
#include "http/in/framing_chunks.hpp"

namespace sluice::http {

namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::size_t path_bytes = 1024;
// Beyond the largest head there must be room for the pieces of a chunked body.
constexpr std::size_t buffer_bytes = head_limits::bytes + 8'192;
constexpr std::size_t body_step = 65'536;
constexpr std::size_t kept_body_bytes = 65'536;
// A peer that takes a large answer at this rate is slow, not stuck.
constexpr std::size_t least_bytes_per_second = 65'536;

std::string address_of_peer(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::array<char, NI_MAXHOST> text{};
  auto *any = reinterpret_cast<sockaddr *>(&address);
  if (::getpeername(descriptor, any, &size) != 0 ||
      ::getnameinfo(any, size, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return {};
  }
  return text.data();
}

/// Methods of which a request without a length may be the start of one whose
/// body is meant to last until the connection ends.
bool may_carry_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

} // namespace

connection::connection(int descriptor, connection_context context)
    : context_(context), socket_(descriptor), entry_(descriptor),
      remote_address_(address_of_peer(descriptor)),
      buffer_(std::make_unique_for_overwrite<char[]>(buffer_bytes)) {
  context_.registry.enter(entry_);
}

connection::~connection() {
  // Before the descriptor is closed and its number used again.
  context_.registry.leave(entry_);
  if (needs_linger_) {
    context_.linger.take(socket_.descriptor());
  } else {
    ::close(socket_.descriptor());
  }
}

void connection::serve() {
  while (serve_one()) {
    start_next();
  }
}

bool connection::serve_one() {
  if (end_ == 0 && !await_bytes()) {
    return false;
  }
  id_ = context_.ids.next();
  until_ = steady_clock::now() + context_.options.request_timeout;
  const response reply = respond();
  return !is_broken_ && answer(reply);
}

bool connection::await_bytes() {
  // The order matters: a stop that did not see `is_idle` is seen here.
  entry_.is_idle.store(true);
  if (context_.registry.is_stopping()) {
    return false;
  }
  const auto got = socket_.read_idle(free_space());
  entry_.is_idle.store(false);
  end_ = got.bytes;
  return got.how == connection_socket::outcome::done;
}

response connection::respond() {
  const std::string_view id(id_.data(), id_.size());
  fault refused = read_head();
  if (!refused) {
    refused = find_route();
  }
  if (!refused && route_ == nullptr) {
    response out;
    out.status = 204;
    out.headers.emplace_back("Allow", allow_);
    return out;
  }
  if (!refused) {
    refused = read_body();
  }
  if (!refused) {
    return handle();
  }
  refused->closes = refused->closes || !is_read_;
  return to_response(*refused, id);
}

connection::fault connection::read_head() {
  head_scanner scanner;
  fault refused = scanner.scan(input());
  while (!refused && !scanner.is_complete()) {
    std::size_t got = 0;
    refused = more_input(free_space(), got);
    end_ += got;
    if (!refused) {
      refused = scanner.scan(input());
    }
  }
  if (!refused) {
    consumed_ = scanner.size();
    refused = parse_head({buffer_.get(), consumed_}, head_);
  }
  return refused;
}

connection::fault connection::find_route() {
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
  const auto match =
      context_.routes.find(head_.method, *path, request_.path_values);
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

connection::fault connection::check_body() const {
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

connection::fault connection::read_body() {
  if (!head_.has_body()) {
    if (route_->max_body > 0 && !route_->is_body_optional && !is_read_) {
      return length_required();
    }
    is_read_ = true;
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
  fault refused = head_.is_chunked ? read_chunked_body() : read_sized_body();
  is_read_ = !refused;
  return refused;
}

connection::fault connection::read_sized_body() {
  const std::size_t size = *head_.content_length;
  const auto here = input().substr(consumed_, size);
  consumed_ += here.size();
  if (here.size() == size) {
    request_.body = here;
    return std::nullopt;
  }
  body_.assign(here);
  std::size_t filled = body_.size();
  while (filled < size) {
    // Memory grows with what has come, not with what was promised.
    body_.resize(std::min(size, filled + std::max(body_step, filled)));
    std::size_t got = 0;
    if (fault refused = more_input(std::span(body_).subspan(filled), got)) {
      return refused;
    }
    filled += got;
  }
  request_.body = body_;
  return std::nullopt;
}

connection::fault connection::read_chunked_body() {
  chunk_decoder decoder(route_->max_body);
  body_.clear();
  const std::size_t start = consumed_;
  for (;;) {
    const auto step = decoder.feed(input().substr(start), body_);
    switch (step.now) {
    case chunk_decoder::state::done:
      consumed_ = start + step.taken;
      request_.body = body_;
      return std::nullopt;
    case chunk_decoder::state::bad:
      return bad_framing("The chunked body is malformed.");
    case chunk_decoder::state::too_large:
      return body_too_large(route_->max_body);
    case chunk_decoder::state::more:
      break;
    }
    end_ = start;
    std::size_t got = 0;
    if (fault refused = more_input(free_space(), got)) {
      return refused;
    }
    end_ += got;
  }
}

connection::fault connection::more_input(std::span<char> into,
                                         std::size_t &got) {
  const auto read = socket_.read_until(into, until_);
  got = read.bytes;
  if (read.how == connection_socket::outcome::done) {
    return std::nullopt;
  }
  is_broken_ = read.how == connection_socket::outcome::broken;
  return request_timeout();
}

void connection::send_continue() const {
  socket_.write("HTTP/1.1 100 Continue\r\n\r\n", until_);
}

response connection::handle() {
  request_.method = head_.method;
  request_.remote_address = remote_address_;
  request_.id = {id_.data(), id_.size()};
  request_.headers.swap(head_.headers);
  try {
    return route_->handle(request_);
  } catch (const std::exception &e) {
    // Only the kind: the text may quote what was sent.
    spdlog::error("request {}: {} {} threw {}", request_.id, route_->method,
                  route_->pattern, typeid(e).name());
  } catch (...) {
    spdlog::error("request {}: {} {} threw something", request_.id,
                  route_->method, route_->pattern);
  }
  return to_response(internal_error(), request_.id);
}

bool connection::answer(const response &what) {
  const bool closes = what.closes || !head_.keeps_alive || !is_read_ ||
                      context_.registry.is_stopping();
  const bool is_left = end_ > consumed_;
  const auto bytes =
      writer_.compose(what, {.request_id = {id_.data(), id_.size()},
                             .omits_body = head_.method == "HEAD",
                             .closes = closes,
                             .says_keep_alive = head_.is_http_1_0});
  const seconds extra(static_cast<long>(bytes.size() / least_bytes_per_second));
  const auto limit =
      steady_clock::now() + context_.options.write_timeout + extra;
  const bool is_sent = socket_.write(bytes, limit);
  writer_.shrink();
  // Where the peer said that it sends no more, nothing can be left unread.
  needs_linger_ = is_sent && closes && (is_left || head_.keeps_alive);
  return is_sent && !closes;
}

void connection::start_next() {
  end_ -= consumed_;
  std::memmove(buffer_.get(), buffer_.get() + consumed_, end_);
  consumed_ = 0;
  if (body_.capacity() > kept_body_bytes) {
    std::string().swap(body_);
  }
  head_.clear();
  request_.query.clear();
  request_.path_values.clear();
  request_.body = {};
  route_ = nullptr;
  allow_ = {};
  is_read_ = false;
}

std::span<char> connection::free_space() const {
  return {buffer_.get() + end_, buffer_bytes - end_};
}

} // namespace sluice::http
