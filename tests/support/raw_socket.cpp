#include "tests/support/raw_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <system_error>
#include <utility>

namespace sluice::tests {

namespace {

std::map<std::string, std::string> parse_headers(std::string_view lines) {
  std::map<std::string, std::string> out;
  while (!lines.empty()) {
    const auto end = lines.find("\r\n");
    const auto line = lines.substr(0, end);
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos) {
      std::string name(line.substr(0, colon));
      std::ranges::transform(name, name.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
      });
      out[name] = line.substr(colon + 2);
    }
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 2);
  }
  return out;
}

} // namespace

raw_socket::raw_socket(int port)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<sockaddr *>(&address),
                           sizeof address) != 0) {
    const int reason = errno;
    ::close(fd_);
    throw std::system_error(reason, std::generic_category(), "connect");
  }
  const int yes = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

raw_socket::~raw_socket() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

raw_socket::raw_socket(raw_socket &&other) noexcept
    : fd_(std::exchange(other.fd_, -1)), seen_(std::move(other.seen_)) {}

bool raw_socket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool raw_socket::send_bytewise(std::string_view bytes) {
  return std::ranges::all_of(
      bytes, [&](const char &c) { return send(std::string_view(&c, 1)); });
}

void raw_socket::end() {
  ::shutdown(fd_, SHUT_WR);
}

bool raw_socket::read_more() {
  pollfd waited{fd_, POLLIN, 0};
  const auto limit =
      std::chrono::duration_cast<std::chrono::milliseconds>(patience);
  if (::poll(&waited, 1, static_cast<int>(limit.count())) <= 0) {
    return false;
  }
  std::array<char, 64 * 1024> piece{};
  const auto got = ::recv(fd_, piece.data(), piece.size(), 0);
  if (got <= 0) {
    return false;
  }
  seen_.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<raw_answer> raw_socket::read_answer(bool has_body) {
  while (seen_.find("\r\n\r\n") == std::string::npos) {
    if (!read_more()) {
      return std::nullopt;
    }
  }
  const auto head_end = seen_.find("\r\n\r\n") + 4;
  raw_answer out;
  if (!seen_.starts_with("HTTP/1.1 ")) {
    return std::nullopt;
  }
  out.status = std::stoi(seen_.substr(9, 3));
  out.headers = parse_headers(std::string_view(seen_).substr(0, head_end));
  const auto length = out.headers.find("content-length");
  const std::size_t size =
      has_body && length != out.headers.end() ? std::stoul(length->second) : 0;
  while (seen_.size() < head_end + size) {
    if (!read_more()) {
      return std::nullopt;
    }
  }
  out.body = seen_.substr(head_end, size);
  seen_.erase(0, head_end + size);
  return out;
}

std::string raw_socket::read_to_end() {
  while (read_more()) {
  }
  return std::exchange(seen_, {});
}

bool raw_socket::is_closed_by_peer() {
  pollfd waited{fd_, POLLIN, 0};
  const auto limit =
      std::chrono::duration_cast<std::chrono::milliseconds>(patience);
  if (!seen_.empty() ||
      ::poll(&waited, 1, static_cast<int>(limit.count())) <= 0) {
    return false;
  }
  char byte = 0;
  return ::recv(fd_, &byte, 1, 0) <= 0;
}

bool raw_socket::is_silent() const {
  pollfd waited{fd_, POLLIN, 0};
  return seen_.empty() && ::poll(&waited, 1, 0) == 0;
}

} // namespace sluice::tests
