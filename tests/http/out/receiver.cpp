#include "tests/http/out/receiver.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::tests {

bool receiver_connection::read_more() {
  std::array<char, 16 * 1024> part{};
  const auto count =
      tls_ != nullptr ? static_cast<ssize_t>(SSL_read(
                            tls_, part.data(), static_cast<int>(part.size())))
                      : ::recv(fd_, part.data(), part.size(), 0);
  if (count <= 0)
    return false;
  seen_.append(part.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<received_request> receiver_connection::read_request() {
  std::size_t end = 0;
  while ((end = seen_.find("\r\n\r\n")) == std::string::npos)
    if (!read_more())
      return std::nullopt;
  received_request out;
  std::string head = seen_.substr(0, end + 2);
  out.line = head.substr(0, head.find("\r\n"));
  for (auto at = head.find("\r\n") + 2; at < head.size();) {
    const auto stop = head.find("\r\n", at);
    const auto colon = head.find(": ", at);
    auto name = head.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    out.headers[name] = head.substr(colon + 2, stop - colon - 2);
    at = stop + 2;
  }
  const auto length = out.headers.find("content-length");
  const std::size_t size =
      length == out.headers.end() ? 0 : std::stoul(length->second);
  while (seen_.size() < end + 4 + size)
    if (!read_more())
      return std::nullopt;
  out.body = seen_.substr(end + 4, size);
  seen_.erase(0, end + 4 + size);
  return out;
}

bool receiver_connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count =
        tls_ != nullptr
            ? static_cast<ssize_t>(
                  SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())))
            : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void receiver_connection::wait_for_end() {
  while (read_more())
    seen_.clear();
}

receiver::receiver(behaviour behave, SSL_CTX *tls)
    : behave_(std::move(behave)), tls_(tls) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto *raw = reinterpret_cast<sockaddr *>(&address);
  if (::bind(listener_, raw, size) != 0 || ::listen(listener_, 1024) != 0 ||
      ::getsockname(listener_, raw, &size) != 0)
    throw std::runtime_error("no listener");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

receiver::~receiver() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (const int fd : open_)
      ::shutdown(fd, SHUT_RDWR);
  }
  acceptor_.join();
  for (auto &each : threads_)
    each.join();
  ::close(listener_);
}

std::string receiver::url(std::string_view host) const {
  return (tls_ != nullptr ? "https://" : "http://") + std::string(host) + ':' +
         std::to_string(port_) + "/hook?a=b";
}

void receiver::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0)
      return;
    const std::lock_guard lock(mutex_);
    if (is_closing_) {
      ::close(fd);
      return;
    }
    ++connections_;
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void receiver::serve(int fd) {
  // OpenSSL knows no MSG_NOSIGNAL.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  SSL *tls = tls_ != nullptr ? SSL_new(tls_) : nullptr;
  if (tls != nullptr)
    SSL_set_fd(tls, fd);
  if (tls == nullptr || SSL_accept(tls) == 1) {
    receiver_connection connection(fd, tls);
    behave_(connection);
  }
  SSL_free(tls);
  const std::lock_guard lock(mutex_);
  open_.remove(fd);
  ::close(fd);
  ++closed_;
  closing_.notify_all();
}

bool receiver::has_closed(int count) const {
  std::unique_lock lock(mutex_);
  return closing_.wait_for(lock, std::chrono::seconds(20),
                           [&] { return closed_ >= count; });
}

receiver::behaviour answering(std::string bytes) {
  return [bytes = std::move(bytes)](receiver_connection &connection) {
    while (connection.read_request())
      if (!connection.send(bytes))
        return;
  };
}

std::string http_answer(int status, std::string_view body,
                        std::string_view headers) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Some\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

} // namespace sluice::tests
