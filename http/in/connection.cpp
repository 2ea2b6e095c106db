#include "http/in/connection.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <typeinfo>
#include <utility>

#include <spdlog/spdlog.h>

#include "http/in/connection_problems.hpp"

namespace sluice::http {

namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

// A peer that takes a large answer at this rate is slow, not stuck.
constexpr std::size_t least_bytes_per_second = 65'536;
// Requests that came together and can be answered at once; then others are
// looked after.
constexpr int answers_in_a_turn = 16;

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

std::string_view text_of(const request_id &id) {
  return {id.data(), id.size()};
}

/// `call()`, or a 500 when it throws.
template <class Call>
response guarded(const route &asked, std::string_view id, const Call &call) {
  try {
    return call();
  } catch (const std::exception &e) {
    // Only the kind: the text may quote what was sent.
    spdlog::error("request {}: {} {} threw {}", id, asked.method, asked.pattern,
                  typeid(e).name());
  } catch (...) {
    spdlog::error("request {}: {} {} threw something", id, asked.method,
                  asked.pattern);
  }
  return to_response(internal_error(), id);
}

} // namespace

connection::connection(int descriptor, connection_context context)
    : context_(std::move(context)), descriptor_(descriptor),
      remote_address_(address_of_peer(descriptor)),
      reader_(context_.routes, descriptor),
      until_(steady_clock::now() + context_.options.idle_timeout) {}

connection::~connection() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

void connection::close() {
  const int descriptor = std::exchange(descriptor_, -1);
  phase_ = phase::over;
  source_.reset();
  if (descriptor >= 0 && needs_linger_) {
    context_.linger.take(descriptor);
  } else if (descriptor >= 0) {
    ::close(descriptor);
  }
}

bool connection::is_idle() const {
  return phase_ == phase::reading && reader_.is_idle();
}

connection::wants connection::go_on() {
  int answers = 0;
  for (;;) {
    const auto before = phase_;
    auto wanted = wants::end;
    switch (phase_) {
    case phase::reading:
      wanted = read();
      break;
    case phase::handling:
    case phase::streaming:
      return wants::reply;
    case phase::writing:
      wanted = write();
      break;
    case phase::over:
      return wants::end;
    }
    // A phase that did not pass on to the next one waits.
    if (phase_ == before || phase_ == phase::handling ||
        phase_ == phase::streaming) {
      return wanted;
    }
    if (phase_ == phase::reading && ++answers == answers_in_a_turn) {
      return wants::turn;
    }
  }
}

connection::wants connection::read() {
  request_reader::fault refused;
  const auto progress = reader_.read(refused);
  if (id_.front() == 0 && !reader_.is_idle()) {
    id_ = context_.ids.next();
    until_ = steady_clock::now() + context_.options.request_timeout;
  }
  switch (progress) {
  case request_reader::progress::more:
    break;
  case request_reader::progress::much:
    return wants::turn;
  case request_reader::progress::whole:
    return handle();
  case request_reader::progress::refused:
    refuse(std::move(*refused));
    break;
  case request_reader::progress::ended:
  case request_reader::progress::broken:
    phase_ = phase::over;
    break;
  }
  return wants::input;
}

connection::wants connection::handle() {
  if (reader_.route() == nullptr) {
    response out;
    out.status = 204;
    out.headers.emplace_back("Allow", reader_.allow());
    send(out);
    return wants::output;
  }
  phase_ = phase::handling;
  ++turn_;
  request &in = reader_.request();
  in.remote_address = remote_address_;
  in.id = text_of(id_);
  return begin(*reader_.route());
}

connection::wants connection::begin(const route &asked) {
  // A handler that waits has deadlines of its own.
  until_ = time_point::max();
  if (!asked.begin) {
    return wants::worker;
  }
  reply_sink to = [box = context_.replies, self = shared_from_this(),
                   turn = turn_](std::function<response()> make) {
    box->post({self, turn, std::move(make)});
  };
  bool has_begun = false;
  bool has_thrown = true;
  const response failure = guarded(asked, text_of(id_), [&] {
    has_begun = asked.begin(reader_.request(), std::move(to));
    has_thrown = false;
    return response();
  });
  if (has_thrown) {
    send(failure);
    return wants::output;
  }
  if (!has_begun) {
    return wants::worker;
  }
  until_ = steady_clock::now() + context_.options.answer_timeout;
  return wants::reply;
}

void connection::work() {
  const request &in = reader_.request();
  const route &asked = *reader_.route();
  response out = guarded(asked, in.id, [&] { return asked.handle(in); });
  auto made = std::make_shared<response>(std::move(out));
  context_.replies->post(
      {shared_from_this(), turn_, [made] { return std::move(*made); }});
}

void connection::answer(std::uint64_t turn, const response &what) {
  if (turn != turn_) {
    return;
  }
  if (phase_ == phase::handling) {
    send(what);
  } else if (phase_ == phase::streaming) {
    send_piece(what);
  }
}

connection::wants connection::expire() {
  switch (phase_) {
  case phase::reading:
    if (reader_.is_idle()) {
      phase_ = phase::over;
    } else {
      refuse(request_timeout());
    }
    break;
  case phase::handling:
    send(to_response(reader_.route()->overdue ? reader_.route()->overdue()
                                              : internal_error(),
                     text_of(id_)));
    break;
  case phase::writing:
  case phase::streaming:
  case phase::over:
    phase_ = phase::over;
    break;
  }
  return go_on();
}

void connection::refuse(problem what) {
  what.closes = what.closes || !reader_.is_read();
  send(to_response(what, text_of(id_)));
}

void connection::send(const response &what) {
  if (context_.options.answers) {
    context_.options.answers->note(what.status);
  }
  const request_head &head = reader_.head();
  source_ = head.method == "HEAD" ? nullptr : what.source;
  closes_ = what.closes || what.source != nullptr || !head.keeps_alive ||
            !reader_.is_read() || context_.is_stopping.load();
  unsent_ = writer_.compose(what, {.request_id = text_of(id_),
                                   .omits_body = head.method == "HEAD",
                                   .closes = closes_,
                                   .is_open_ended = what.source != nullptr,
                                   .says_keep_alive = head.is_http_1_0});
  const seconds extra(
      static_cast<long>(unsent_.size() / least_bytes_per_second));
  until_ = steady_clock::now() + context_.options.write_timeout + extra;
  phase_ = phase::writing;
}

void connection::send_piece(const response &piece) {
  piece_ = piece.body;
  unsent_ = piece_;
  if (piece.closes) {
    source_.reset();
  }
  const seconds extra(
      static_cast<long>(unsent_.size() / least_bytes_per_second));
  until_ = steady_clock::now() + context_.options.write_timeout + extra;
  phase_ = phase::writing;
}

connection::wants connection::ask_for_piece() {
  phase_ = phase::streaming;
  // Whoever makes the pieces gives one now and then.
  until_ = time_point::max();
  std::string().swap(piece_);
  source_->next([box = context_.replies, self = weak_from_this(),
                 turn = turn_](body_piece made) {
    if (auto one = self.lock()) {
      box->post({std::move(one), turn, [made = std::move(made)] {
                   response piece;
                   piece.body = made.bytes;
                   piece.closes = made.is_last;
                   return piece;
                 }});
    }
  });
  return wants::reply;
}

connection::wants connection::write() {
  while (!unsent_.empty()) {
    const auto sent = ::send(descriptor_, unsent_.data(), unsent_.size(),
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      unsent_.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return wants::output;
    } else if (errno != EINTR) {
      phase_ = phase::over;
      return wants::end;
    }
  }
  writer_.shrink();
  // Who reads on has no reason to close its side.
  if (source_ && !has_peer_ended_ && !context_.is_stopping.load()) {
    return ask_for_piece();
  }
  if (closes_) {
    // Where the peer said that it sends no more, and all of it was read,
    // nothing can be left unread.
    needs_linger_ =
        !reader_.is_read() || reader_.has_rest() || reader_.head().keeps_alive;
    phase_ = phase::over;
    return wants::end;
  }
  start_next();
  return wants::input;
}

void connection::start_next() {
  reader_.next();
  id_ = {};
  phase_ = phase::reading;
  until_ = steady_clock::now() + context_.options.idle_timeout;
}

} // namespace sluice::http
