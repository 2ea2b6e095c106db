#include "tests/support/commit_cutter.hpp"

#include <array>
#include <stdexcept>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::tests {

namespace {

constexpr int poll_milliseconds = 20;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Calls `use` with what has arrived; false at the end of the stream.
template <class Use>
bool receive(int socket, Use use) {
  std::array<char, 65536> buffer{};
  auto got = ::recv(socket, buffer.data(), buffer.size(), 0);
  if (got <= 0)
    return false;
  return use(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
}

} // namespace

commit_cutter::commit_cutter(int server_port, std::chrono::milliseconds delay)
    : server_port_(server_port), delay_(delay) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto *generic = reinterpret_cast<sockaddr *>(&address);
  if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, generic, &size) != 0)
    throw std::runtime_error("the proxy can't listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

commit_cutter::~commit_cutter() {
  is_stopping_ = true;
  thread_.join();
  close_lines();
  ::close(listener_);
}

void commit_cutter::run() {
  while (!is_stopping_) {
    std::vector<pollfd> watched{{listener_, POLLIN, 0}};
    for (const auto &through : lines_) {
      watched.push_back({through.client, POLLIN, 0});
      watched.push_back({through.server, POLLIN, 0});
    }
    if (::poll(watched.data(), watched.size(), poll_milliseconds) <= 0)
      continue;
    std::size_t at = 1;
    for (auto through = lines_.begin(); through != lines_.end(); at += 2) {
      auto is_open = (watched[at].revents == 0 || pass_to_server(*through)) &&
                     (watched[at + 1].revents == 0 || pass_to_client(*through));
      if (is_open) {
        ++through;
        continue;
      }
      ::close(through->client);
      ::close(through->server);
      through = lines_.erase(through);
    }
    if (watched[0].revents != 0)
      add_line();
  }
}

void commit_cutter::add_line() {
  auto client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  std::this_thread::sleep_for(delay_);
  auto server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(server_port_);
  if (client < 0 || ::connect(server, reinterpret_cast<sockaddr *>(&address),
                              sizeof address) != 0) {
    ::close(client);
    ::close(server);
    return;
  }
  lines_.push_back({client, server});
}

// A simple query is one message: 'Q', its length, the text and a NUL.
bool commit_cutter::pass_to_server(line &through) const {
  using namespace std::string_view_literals;
  return receive(through.client, [&](std::string_view bytes) {
    auto is_commit = bytes.ends_with("COMMIT\0"sv) && bytes.front() == 'Q';
    auto what = is_commit ? what_.load() : cut::never;
    if (what == cut::before)
      return false;
    if (what == cut::silently_after)
      through.is_silent = true;
    return send_all(through.server, bytes) && what != cut::after;
  });
}

bool commit_cutter::pass_to_client(const line &through) const {
  return receive(through.server, [&](std::string_view bytes) {
    return through.is_silent || send_all(through.client, bytes);
  });
}

void commit_cutter::close_lines() {
  for (const auto &through : lines_) {
    ::close(through.client);
    ::close(through.server);
  }
}

} // namespace sluice::tests
