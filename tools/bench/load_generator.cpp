#include "tools/bench/load_generator.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/bench/failure.hpp"
#include "tools/bench/interruption.hpp"
#include "tools/bench/response_reader.hpp"

namespace sluice::tools {

namespace {

using clock = std::chrono::steady_clock;

bool is_success(int status) {
  return status >= 200 && status < 300;
}

struct connection {
  int fd = -1;
  /// Bytes of the request that are on their way.
  std::size_t sent = 0;
  bool waits_to_write = false;
  clock::time_point begun;
  response_reader reader;
};

class generator {
public:
  explicit generator(const load_plan &plan)
      : plan_(plan), connections_(static_cast<std::size_t>(plan.connections)),
        poll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (poll_ < 0)
      throw bench_failure("epoll: " + std::string(std::strerror(errno)));
    for (auto &one : connections_)
      closed_.push_back(&one);
  }

  generator(const generator &) = delete;
  generator &operator=(const generator &) = delete;

  ~generator() {
    for (auto &one : connections_)
      if (one.fd >= 0)
        ::close(one.fd);
    ::close(poll_);
  }

  load_result run() {
    auto now = clock::now();
    turn_until(now + plan_.warm_up);
    result_ = {};
    auto begin = clock::now();
    turn_until(begin + plan_.duration);
    result_.took = clock::now() - begin;
    return result_;
  }

private:
  void turn_until(clock::time_point end) {
    std::array<epoll_event, 256> ready{};
    for (auto now = clock::now(); now < end; now = clock::now()) {
      throw_if_interrupted();
      open_closed(now);
      // Short enough to open closed connections again and to see a signal.
      int count = epoll_wait(poll_, ready.data(), ready.size(), 10);
      for (int i = 0; i < count; ++i)
        serve(*static_cast<connection *>(ready.at(i).data.ptr),
              ready.at(i).events);
    }
  }

  void open_closed(clock::time_point now) {
    if (closed_.empty() || now - last_opening_ < std::chrono::milliseconds(10))
      return;
    last_opening_ = now;
    for (auto *one : std::exchange(closed_, {}))
      open(*one);
  }

  void open(connection &one) {
    one.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (one.fd < 0)
      throw bench_failure("socket: " + std::string(std::strerror(errno)));
    int yes = 1;
    ::setsockopt(one.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(plan_.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT;
    event.data.ptr = &one;
    one.waits_to_write = true;
    one.begun = clock::now();
    if ((::connect(one.fd, reinterpret_cast<sockaddr *>(&address),
                   sizeof address) != 0 &&
         errno != EINPROGRESS) ||
        epoll_ctl(poll_, EPOLL_CTL_ADD, one.fd, &event) != 0)
      give_up(one);
  }

  void give_up(connection &one) {
    ++result_.broken;
    close(one);
  }

  void close(connection &one) {
    ::close(one.fd);
    one.fd = -1;
    one.sent = 0;
    one.reader.reset();
    closed_.push_back(&one);
  }

  void serve(connection &one, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0 && !send(one))
      return;
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
      receive(one);
  }

  /// False when the connection is gone.
  bool send(connection &one) {
    auto left = plan_.request.size() - one.sent;
    auto count =
        ::send(one.fd, plan_.request.data() + one.sent, left, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) {
      give_up(one);
      return false;
    }
    one.sent += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    watch_writing(one, one.sent < plan_.request.size());
    return true;
  }

  void watch_writing(connection &one, bool wanted) {
    if (one.waits_to_write == wanted)
      return;
    one.waits_to_write = wanted;
    epoll_event event{};
    event.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.ptr = &one;
    epoll_ctl(poll_, EPOLL_CTL_MOD, one.fd, &event);
  }

  void receive(connection &one) {
    auto count = ::recv(one.fd, buffer_.data(), buffer_.size(), 0);
    if (count < 0 && errno == EAGAIN)
      return;
    if (count <= 0) {
      give_up(one);
      return;
    }
    auto piece =
        std::string_view(buffer_.data(), static_cast<std::size_t>(count));
    switch (one.reader.feed(piece)) {
    case response_reader::progress::incomplete:
      return;
    case response_reader::progress::broken:
      give_up(one);
      return;
    case response_reader::progress::complete:
      finish(one);
    }
  }

  void finish(connection &one) {
    auto now = clock::now();
    auto status = one.reader.status();
    ++result_.by_status[status];
    if (is_success(status)) {
      ++result_.completed;
      result_.latency.add(now - one.begun);
    }
    // An answer before the request's end can't be followed by another.
    if (!one.reader.keeps_connection() || one.sent < plan_.request.size()) {
      close(one);
      return;
    }
    one.reader.reset();
    one.sent = 0;
    one.begun = now;
    send(one);
  }

  const load_plan &plan_;
  load_result result_;
  std::vector<connection> connections_;
  std::vector<connection *> closed_;
  clock::time_point last_opening_;
  int poll_;
  std::array<char, 64 * 1024> buffer_{};
};

} // namespace

double load_result::per_second() const {
  return static_cast<double>(completed) /
         std::chrono::duration<double>(took).count();
}

std::string load_result::faults() const {
  std::string text;
  for (const auto &[status, count] : by_status)
    if (!is_success(status))
      text += std::to_string(status) + ": " + std::to_string(count) + ", ";
  if (broken > 0)
    text += "broken: " + std::to_string(broken) + ", ";
  if (!text.empty())
    text.resize(text.size() - 2);
  return text;
}

load_result run_load(const load_plan &plan) {
  return generator(plan).run();
}

} // namespace sluice::tools
