#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/bench/child_process.hpp"
#include "tools/bench/failure.hpp"
#include "tools/bench/interruption.hpp"

namespace sluice::tools {

namespace {

class tcp_socket {
public:
  tcp_socket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~tcp_socket() { ::close(fd_); }
  tcp_socket(const tcp_socket &) = delete;
  tcp_socket &operator=(const tcp_socket &) = delete;
  int fd() const { return fd_; }

private:
  int fd_;
};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

} // namespace

int free_port() {
  tcp_socket socket;
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(socket.fd(), reinterpret_cast<sockaddr *>(&address), size) != 0 ||
      ::getsockname(socket.fd(), reinterpret_cast<sockaddr *>(&address),
                    &size) != 0)
    throw bench_failure("no free port: " + std::string(std::strerror(errno)));
  return ntohs(address.sin_port);
}

bool wait_for_port(int port, std::chrono::milliseconds limit) {
  auto accepts = [port] {
    tcp_socket socket;
    auto address = loopback(port);
    return ::connect(socket.fd(), reinterpret_cast<sockaddr *>(&address),
                     sizeof address) == 0;
  };
  return wait_until(accepts, limit, std::chrono::milliseconds(20));
}

} // namespace sluice::tools
