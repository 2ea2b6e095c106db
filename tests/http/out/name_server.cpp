#include "tests/http/out/name_server.hpp"

#include <array>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::tests {

namespace {

constexpr std::size_t head_size = 12;

sockaddr_in loopback(int port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  return out;
}

} // namespace

name_server::name_server(zone answer) : zone_(std::move(answer)) {
  fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  auto own = loopback(0);
  socklen_t size = sizeof own;
  if (::bind(fd_, reinterpret_cast<sockaddr *>(&own), size) != 0 ||
      ::getsockname(fd_, reinterpret_cast<sockaddr *>(&own), &size) != 0)
    throw std::runtime_error("no name server");
  port_ = ntohs(own.sin_port);
  thread_ = std::thread([this] { serve(); });
}

name_server::~name_server() {
  is_closing_ = true;
  // It wakes up by one more packet.
  const auto own = loopback(port_);
  ::sendto(fd_, "", 0, 0, reinterpret_cast<const sockaddr *>(&own), sizeof own);
  thread_.join();
  ::close(fd_);
}

std::string name_server::address() const {
  return "127.0.0.1:" + std::to_string(port_);
}

void name_server::serve() {
  std::array<char, 1500> packet{};
  while (!is_closing_) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    auto *raw = reinterpret_cast<sockaddr *>(&from);
    const auto count =
        ::recvfrom(fd_, packet.data(), packet.size(), 0, raw, &size);
    if (count <= static_cast<ssize_t>(head_size))
      continue;
    ++queries_;
    if (!zone_)
      continue;
    const auto answer =
        answer_to({packet.data(), static_cast<std::size_t>(count)});
    ::sendto(fd_, answer.data(), answer.size(), 0, raw, size);
  }
}

std::string name_server::answer_to(const std::string &query) const {
  std::string name;
  std::size_t at = head_size;
  while (at < query.size() && query[at] != '\0') {
    const std::size_t length = static_cast<unsigned char>(query[at]);
    name += (name.empty() ? "" : ".") + query.substr(at + 1, length);
    at += 1 + length;
  }
  const char type = query.at(at + 2);
  const auto question = query.substr(head_size, at + 5 - head_size);
  std::string records;
  char count = 0;
  for (const auto &each : zone_(name)) {
    std::array<char, 16> bytes{};
    const bool is_v6 = each.find(':') != std::string::npos;
    inet_pton(is_v6 ? AF_INET6 : AF_INET, each.c_str(), bytes.data());
    if (type != (is_v6 ? 28 : 1))
      continue;
    const char size = is_v6 ? 16 : 4;
    records += std::string("\xC0\x0C\0", 3) + type +
               std::string("\0\1\0\0\0\0\0", 7) + size +
               std::string(bytes.data(), static_cast<std::size_t>(size));
    ++count;
  }
  return query.substr(0, 2) + std::string("\x81\x80\0\1\0", 5) + count +
         std::string(4, '\0') + question + records;
}

} // namespace sluice::tests
