#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using SSL = struct ssl_st;
using SSL_CTX = struct ssl_ctx_st;

namespace sluice::tests {

/// A request as it came over the wire.
struct received_request {
  std::string line;
  /// Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

/// One connection of a receiver. Every wait ends when the receiver goes.
class receiver_connection {
public:
  receiver_connection(int fd, SSL *tls) : fd_(fd), tls_(tls) {}

  /// Nothing when the connection ends before.
  std::optional<received_request> read_request();
  /// False when the other end takes no more.
  bool send(std::string_view bytes);
  /// Until the other end closes, or sends something else than a request.
  void wait_for_end();

private:
  bool read_more();

  int fd_;
  SSL *tls_;
  std::string seen_;
};

/// A server on the loopback address that behaves as it is told to: once for
/// each connection, on a thread of its own.
class receiver {
public:
  using behaviour = std::function<void(receiver_connection &)>;

  /// With `tls`: only after a handshake that has succeeded.
  explicit receiver(behaviour behave, SSL_CTX *tls = nullptr);
  ~receiver();
  receiver(const receiver &) = delete;
  receiver &operator=(const receiver &) = delete;

  int port() const { return port_; }
  std::string url(std::string_view host = "127.0.0.1") const;
  /// Connections that were accepted.
  int connections() const { return connections_; }
  /// Waits until it has closed so many; false when that takes long.
  bool has_closed(int count) const;

private:
  void accept_all();
  void serve(int fd);

  behaviour behave_;
  SSL_CTX *tls_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable closing_;
  int closed_ = 0;
  bool is_closing_ = false;
  std::list<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// Answers each request with these bytes, and keeps the connection.
receiver::behaviour answering(std::string bytes);

/// An answer with this status and body.
std::string http_answer(int status, std::string_view body = "",
                        std::string_view headers = "");

} // namespace sluice::tests
