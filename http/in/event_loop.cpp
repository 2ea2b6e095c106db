#include "http/in/event_loop.hpp"

#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "http/in/connection_problems.hpp"

namespace sluice::http {

namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds keep_idle_workers{5'000};
constexpr int events_at_once = 256;

int make_poll() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_create1");
  }
  return fd;
}

bool watch(int poll, int descriptor, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  return ::epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

response made_by(const reply_box::reply &one) {
  try {
    return one.make();
  } catch (const std::exception &) {
    spdlog::error("an answer could not be made");
    return to_response(internal_error(), "");
  }
}

} // namespace

event_loop::event_loop(shared parts)
    : parts_(parts), poll_(make_poll()), box_(std::make_shared<reply_box>()),
      // A worker whose answer is on its way counts as busy for a moment yet.
      workers_(2 * static_cast<std::size_t>(
                       std::max(parts.options.max_connections, 1)),
               keep_idle_workers) {
  if (!watch(poll_, box_->descriptor(), EPOLLIN)) {
    const int reason = errno;
    ::close(poll_);
    throw std::system_error(reason, std::generic_category(), "epoll_ctl");
  }
}

event_loop::~event_loop() {
  stop(milliseconds(0));
  ::close(poll_);
}

void event_loop::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "http");
}

bool event_loop::take(int descriptor) {
  if (count_.fetch_add(1) >= parts_.options.max_connections ||
      is_stopping_.load() || !box_->post(descriptor)) {
    --count_;
    return false;
  }
  return true;
}

void event_loop::stop(milliseconds grace) {
  is_stopping_.store(true);
  box_->wake();
  if (thread_.joinable()) {
    std::unique_lock lock(mutex_);
    if (!ended_.wait_for(lock, grace, [this] { return has_ended_; })) {
      is_cut_.store(true);
      box_->wake();
    }
    lock.unlock();
    thread_.join();
  }
  for (const int descriptor : box_->close().accepted) {
    ::close(descriptor);
  }
  workers_.stop();
}

void event_loop::run() {
  while (!is_done()) {
    try {
      wait();
      take_delivered();
      go_on_with_rest();
      if (steady_clock::now() >= next_look_) {
        look_at_deadlines();
      }
      if (is_stopping_.load()) {
        close_idle();
      }
    } catch (const std::exception &) {
      spdlog::error("the server is out of memory");
      next_look_ = steady_clock::now();
    }
  }
  drop_all();
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
  ended_.notify_all();
}

bool event_loop::is_done() {
  return is_cut_.load() || (is_stopping_.load() && count_.load() == 0);
}

void event_loop::wait() {
  std::array<epoll_event, events_at_once> events{};
  int limit = 0;
  if (rest_.empty() && box_->may_sleep()) {
    limit = -1;
    if (next_look_ != time_point::max()) {
      const auto left =
          ceil<milliseconds>(next_look_ - steady_clock::now()).count();
      limit = static_cast<int>(std::clamp<long>(left, 0, 60'000));
    }
    // Who orders a stop wakes only those that sleep already.
    if (is_cut_.load() || (is_stopping_.load() && !has_closed_idle_)) {
      limit = 0;
    }
  }
  const int count = ::epoll_wait(poll_, events.data(), events_at_once, limit);
  box_->woke_up();
  for (int i = 0; i < count; ++i) {
    on_event(events[static_cast<std::size_t>(i)]);
  }
}

void event_loop::on_event(const epoll_event &event) {
  if (event.data.fd == box_->descriptor()) {
    return box_->silence();
  }
  const auto found = connections_.find(event.data.fd);
  if (found == connections_.end()) {
    return;
  }
  const connection_ptr one = found->second;
  // Nobody is there any more to take the answer.
  if ((event.events & (EPOLLHUP | EPOLLERR)) != 0 && one->is_handling()) {
    drop(one);
    return;
  }
  // Nor to take more of one.
  if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 &&
      one->is_streaming()) {
    drop(one);
    return;
  }
  if ((event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    one->note_input((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
  }
  advance(one);
}

void event_loop::take_delivered() {
  auto content = box_->take();
  for (const int descriptor : content.accepted) {
    admit(descriptor);
  }
  for (const auto &one : content.replies) {
    take_step(one.to, [&] {
      one.to->answer(one.turn, made_by(one));
      return one.to->go_on();
    });
  }
}

void event_loop::go_on_with_rest() {
  for (const auto &one : std::exchange(rest_, {})) {
    advance(one);
  }
}

void event_loop::admit(int descriptor) {
  const connection_context context{parts_.options, parts_.routes, parts_.ids,
                                   parts_.linger,  is_stopping_,  box_};
  connection_ptr one;
  try {
    one = std::make_shared<connection>(descriptor, context);
    connections_.emplace(descriptor, one);
  } catch (const std::exception &) {
    spdlog::error("a connection was turned away: out of memory");
    if (!one) {
      ::close(descriptor);
    }
    --count_;
    return;
  }
  if (!watch(poll_, descriptor, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)) {
    drop(one);
    return;
  }
  advance(one);
}

void event_loop::advance(const connection_ptr &one) {
  take_step(one, [&] { return one->go_on(); });
}

template <class Step>
void event_loop::take_step(const connection_ptr &one, Step step) {
  try {
    follow(one, step());
  } catch (const std::exception &) {
    spdlog::error("a connection was given up: out of memory");
    drop(one);
  }
}

void event_loop::follow(const connection_ptr &one, connection::wants wanted) {
  switch (wanted) {
  case connection::wants::input:
  case connection::wants::output:
  case connection::wants::reply:
    next_look_ = std::min(next_look_, one->until());
    break;
  case connection::wants::worker:
    give_to_worker(one);
    break;
  case connection::wants::turn:
    next_look_ = std::min(next_look_, one->until());
    rest_.insert(one);
    break;
  case connection::wants::end:
    drop(one);
    break;
  }
}

void event_loop::give_to_worker(const connection_ptr &one) {
  if (!workers_.run([one] { one->work(); })) {
    one->answer(one->turn(), to_response(too_many_connections(), ""));
    follow(one, one->go_on());
  }
}

void event_loop::drop(const connection_ptr &one) {
  const auto found = connections_.find(one->descriptor());
  // One that was cut may still get a reply.
  if (found == connections_.end() || found->second != one) {
    return;
  }
  ::epoll_ctl(poll_, EPOLL_CTL_DEL, one->descriptor(), nullptr);
  connections_.erase(found);
  rest_.erase(one);
  one->close();
  --count_;
}

void event_loop::drop_all() {
  while (!connections_.empty()) {
    drop(connection_ptr(connections_.begin()->second));
  }
}

void event_loop::look_at_deadlines() {
  const auto now = steady_clock::now();
  std::vector<connection_ptr> late;
  next_look_ = time_point::max();
  for (const auto &[descriptor, one] : connections_) {
    if (one->until() <= now) {
      late.push_back(one);
    } else {
      next_look_ = std::min(next_look_, one->until());
    }
  }
  for (const auto &one : late) {
    take_step(one, [&] { return one->expire(); });
  }
}

void event_loop::close_idle() {
  has_closed_idle_ = true;
  std::vector<connection_ptr> idle;
  std::vector<connection_ptr> streaming;
  for (const auto &[descriptor, one] : connections_) {
    if (one->is_idle()) {
      idle.push_back(one);
    } else if (one->is_streaming()) {
      streaming.push_back(one);
    }
  }
  // Between two pieces, so that their readers lose nothing.
  for (const auto &one : streaming) {
    drop(one);
  }
  for (const auto &one : idle) {
    // A request that has come already is served.
    one->note_input(false);
    advance(one);
    if (one->is_idle()) {
      drop(one);
    }
  }
}

} // namespace sluice::http
