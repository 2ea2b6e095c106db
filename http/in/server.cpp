#include "http/in/server.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <httplib.h>
#include <spdlog/spdlog.h>

#include "http/in/connection_problems.hpp"
#include "http/in/event_loop.hpp"

namespace sluice::http {

namespace {

using std::chrono::milliseconds;

constexpr int backlog = 1024;
constexpr milliseconds pause_before_listening{1'000};
// Databases, logs, the admin port, connections that linger.
constexpr rlim_t other_descriptors = 512;

struct address {
  std::string host;
  int port = 0;
};

address parse_address(const std::string &listen) {
  const auto colon = listen.rfind(':');
  address out;
  if (colon != std::string::npos) {
    out.host = listen.substr(0, colon);
    const char *const end = listen.data() + listen.size();
    const auto parsed =
        std::from_chars(listen.data() + colon + 1, end, out.port);
    if (out.host.starts_with('[') && out.host.ends_with(']')) {
      out.host = out.host.substr(1, out.host.size() - 2);
    }
    if (parsed.ec == std::errc{} && parsed.ptr == end && out.port >= 0 &&
        out.port <= 65535 && !out.host.empty()) {
      return out;
    }
  }
  throw std::runtime_error("http.listen: `" + listen + "` is not `host:port`");
}

/// The soft limit of descriptors is often 1024, too few for as many
/// connections; to raise it to the hard one is every process's right.
void raise_descriptor_limit(int connections) {
  const rlim_t wanted = static_cast<rlim_t>(connections) + other_descriptors;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
    return;
  }
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    spdlog::warn("{} descriptors are too few for {} connections: raise the "
                 "limit (ulimit -n)",
                 limit.rlim_cur, connections);
  }
}

void reuse_address(socket_t descriptor) {
  // Not the library's SO_REUSEPORT, with which two services could listen on
  // one port without noticing.
  const int yes = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

/// Has each socket taken over on the thread that accepted it.
class at_once final : public httplib::TaskQueue {
public:
  bool enqueue(std::function<void()> task) override {
    task();
    return true;
  }
  void shutdown() override {}
};

} // namespace

class server::impl final : private httplib::Server {
public:
  impl(server_options options, route_table routes)
      : options_(std::move(options)), routes_(std::move(routes)),
        loop_({options_, routes_, ids_, linger_}) {
    raise_descriptor_limit(options_.max_connections);
    set_socket_options(&reuse_address);
    set_tcp_nodelay(true);
    new_task_queue = []() -> httplib::TaskQueue * { return new at_once; };
    bind();
  }

  ~impl() override { stop(milliseconds(0)); }
  impl(const impl &) = delete;
  impl &operator=(const impl &) = delete;

  void start() {
    loop_.start();
    acceptor_ = std::thread([this] { accept_until_stopped(); });
    wait_until_ready();
  }

  void stop(milliseconds grace) {
    const std::lock_guard lock(stop_mutex_);
    is_stopping_.store(true);
    close_listener();
    if (acceptor_.joinable()) {
      acceptor_.join();
    }
    loop_.stop(grace);
    linger_.stop();
  }

  int port() const { return port_; }

private:
  void bind() {
    const auto [host, asked] = parse_address(options_.listen);
    const int port = port_ == 0 ? asked : port_;
    errno = 0;
    const int bound = port == 0                  ? bind_to_any_port(host)
                      : bind_to_port(host, port) ? port
                                                 : -1;
    if (bound < 0) {
      const std::string reason = errno == 0
                                     ? "no such address"
                                     : std::generic_category().message(errno);
      throw std::runtime_error("can't listen on " + options_.listen + ": " +
                               reason);
    }
    if (port_ == 0) {
      port_ = bound;
    }
    // The library asks for a queue of five.
    ::listen(svr_sock_, backlog);
  }

  void accept_until_stopped() {
    while (!is_stopping_.load()) {
      listen_after_bind();
      if (!is_stopping_.load()) {
        listen_again();
      }
    }
  }

  /// The library's loop ends for good at errors that pass, such as a lack of
  /// kernel memory.
  void listen_again() {
    svr_sock_ = INVALID_SOCKET;
    spdlog::error("accepting connections failed; will listen again");
    std::unique_lock lock(listener_mutex_);
    if (stopped_.wait_for(lock, pause_before_listening,
                          [this] { return is_stopping_.load(); })) {
      return;
    }
    try {
      // Without this the library refuses to bind after a failure.
      httplib::Server::stop();
      bind();
    } catch (const std::exception &e) {
      spdlog::error("{}", e.what());
    }
  }

  void close_listener() {
    const std::lock_guard lock(listener_mutex_);
    stopped_.notify_all();
    const int fd = svr_sock_.exchange(INVALID_SOCKET);
    if (fd != INVALID_SOCKET) {
      // Wakes the accept loop, which a mere close would not.
      ::shutdown(fd, SHUT_RDWR);
      ::close(fd);
    }
  }

  /// Called by the library for each socket that it has accepted.
  bool process_and_close_socket(socket_t descriptor) override {
    if (!loop_.take(descriptor)) {
      refuse(descriptor);
    }
    return true;
  }

  void refuse(socket_t descriptor) {
    const auto id = ids_.next();
    const std::string_view name(id.data(), id.size());
    answer_writer writer;
    const auto answer = to_response(too_many_connections(), name);
    if (options_.answers)
      options_.answers->note(answer.status);
    const auto bytes =
        writer.compose(answer, {.request_id = name, .closes = true});
    // The socket is fresh: it takes them, or its peer is gone.
    [[maybe_unused]] const auto sent = ::send(
        descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    linger_.take(descriptor);
  }

  const server_options options_;
  const route_matcher routes_;
  request_ids ids_;
  connection_linger linger_;
  event_loop loop_;

  /// Written once, in the constructor.
  int port_ = 0;
  std::atomic<bool> is_stopping_{false};
  std::thread acceptor_;
  std::mutex stop_mutex_;
  /// Held while the listening socket is made or closed.
  std::mutex listener_mutex_;
  std::condition_variable stopped_;
};

server::server(server_options options, route_table routes)
    : impl_(std::make_unique<impl>(std::move(options), std::move(routes))) {}

server::~server() = default;

void server::start() {
  impl_->start();
}

void server::stop(std::chrono::milliseconds grace) {
  impl_->stop(grace);
}

int server::port() const {
  return impl_->port();
}

} // namespace sluice::http
