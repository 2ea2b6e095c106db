#include "http/in/connection_linger.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace sluice::http {

namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t most_waiting = 256;
constexpr milliseconds patience{1'000};
constexpr milliseconds patience_at_stop{200};

int make_event() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  return fd;
}

/// False when the peer has closed too, or is gone.
bool drain(int descriptor) {
  std::array<char, 16'384> scrap{};
  // A few reads at a time: a peer that sends without end must not keep the
  // thread from the others.
  for (int i = 0; i < 8; ++i) {
    const auto got =
        ::recv(descriptor, scrap.data(), scrap.size(), MSG_DONTWAIT);
    if (got <= 0) {
      return got < 0 && (errno == EAGAIN || errno == EINTR);
    }
  }
  return true;
}

} // namespace

connection_linger::connection_linger()
    : wake_up_(make_event()), thread_([this] { run(); }) {}

connection_linger::~connection_linger() {
  stop();
  ::close(wake_up_);
}

void connection_linger::take(int descriptor) {
  ::shutdown(descriptor, SHUT_WR);
  {
    const std::lock_guard lock(mutex_);
    if (!is_stopping_ && count_ < most_waiting) {
      taken_.push_back({descriptor, steady_clock::now() + patience});
      ++count_;
      wake();
      return;
    }
  }
  ::close(descriptor);
}

void connection_linger::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    wake();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

void connection_linger::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_up_, &one, sizeof one);
}

void connection_linger::add_taken(std::vector<leaving> &sockets) {
  const std::lock_guard lock(mutex_);
  sockets.insert(sockets.end(), taken_.begin(), taken_.end());
  taken_.clear();
  count_ = sockets.size();
  if (is_stopping_) {
    const auto limit = steady_clock::now() + patience_at_stop;
    for (auto &each : sockets) {
      each.until = std::min(each.until, limit);
    }
  }
}

void connection_linger::run() {
  std::vector<leaving> sockets;
  for (;;) {
    add_taken(sockets);
    if (sockets.empty()) {
      const std::lock_guard lock(mutex_);
      if (is_stopping_ && taken_.empty()) {
        return;
      }
    }
    wait_for_input(sockets);
  }
}

void connection_linger::wait_for_input(std::vector<leaving> &sockets) {
  std::vector<pollfd> polled{{wake_up_, POLLIN, 0}};
  auto first = steady_clock::time_point::max();
  for (const auto &each : sockets) {
    polled.push_back({each.descriptor, POLLIN, 0});
    first = std::min(first, each.until);
  }
  const auto left = ceil<milliseconds>(first - steady_clock::now()).count();
  const long wait = sockets.empty() ? -1 : std::max<long>(left, 0);
  if (::poll(polled.data(), polled.size(), static_cast<int>(wait)) < 0) {
    return;
  }
  std::uint64_t count = 0;
  [[maybe_unused]] const auto cleared = ::read(wake_up_, &count, sizeof count);

  const auto now = steady_clock::now();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    const bool is_ready = polled[i + 1].revents != 0;
    if (now < sockets[i].until && (!is_ready || drain(sockets[i].descriptor))) {
      sockets[kept++] = sockets[i];
    } else {
      ::close(sockets[i].descriptor);
    }
  }
  sockets.resize(kept);
}

} // namespace sluice::http
