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

#include "http/in/connection.hpp"
#include "http/in/connection_problems.hpp"
#include "http/in/thread_queue.hpp"

namespace sluice::http {

namespace {

using std::chrono::milliseconds;

constexpr int backlog = 1024;
constexpr milliseconds keep_idle_threads{5'000};
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

/// Lends a `thread_queue` to the library's accept loop.
class connection_threads final : public httplib::TaskQueue {
public:
  using refusal = std::function<void(const thread_queue::job &)>;

  connection_threads(std::size_t most, refusal turn_away)
      : queue_(most, keep_idle_threads), turn_away_(std::move(turn_away)) {}

  bool enqueue(std::function<void()> task) override {
    if (!queue_.run(std::move(task))) {
      // NOLINTNEXTLINE(bugprone-use-after-move): a refused task stays.
      turn_away_(task);
    }
    return true;
  }

  void shutdown() override { queue_.stop(); }

private:
  thread_queue queue_;
  refusal turn_away_;
};

} // namespace

class server::impl final : private httplib::Server {
public:
  impl(server_options options, route_table routes)
      : options_(std::move(options)),
        routes_(std::move(routes)), context_{options_, routes_, ids_, registry_,
                                             linger_} {
    raise_descriptor_limit(options_.max_connections);
    set_socket_options(&reuse_address);
    set_tcp_nodelay(true);
    set_read_timeout(options_.idle_timeout);
    set_write_timeout(options_.write_timeout);
    new_task_queue = [this]() -> httplib::TaskQueue * {
      return new connection_threads(
          static_cast<std::size_t>(std::max(options_.max_connections, 1)),
          [this](const auto &task) { turn_away(task); });
    };
    bind();
  }

  ~impl() override { stop(milliseconds(0)); }
  impl(const impl &) = delete;
  impl &operator=(const impl &) = delete;

  void start() {
    acceptor_ = std::thread([this] { accept_until_stopped(); });
    wait_until_ready();
  }

  void stop(milliseconds grace) {
    const std::lock_guard lock(stop_mutex_);
    registry_.stop();
    close_listener();
    if (acceptor_.joinable()) {
      if (!registry_.wait_empty(grace)) {
        registry_.cut_all();
      }
      acceptor_.join();
    }
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
    while (!registry_.is_stopping()) {
      listen_after_bind();
      if (!registry_.is_stopping()) {
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
                          [this] { return registry_.is_stopping(); })) {
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

  /// Called by the library on a thread of the queue; on the accept thread
  /// when there is none left.
  bool process_and_close_socket(socket_t descriptor) override {
    try {
      if (std::this_thread::get_id() == turning_away_) {
        refuse(descriptor);
      } else {
        connection(descriptor, context_).serve();
      }
    } catch (const std::exception &) {
      spdlog::error("a connection was given up: out of memory");
    }
    return true;
  }

  void turn_away(const thread_queue::job &task) {
    // The task alone knows the socket.
    turning_away_ = std::this_thread::get_id();
    task();
    turning_away_ = std::thread::id{};
  }

  void refuse(socket_t descriptor) {
    const auto id = ids_.next();
    const std::string_view name(id.data(), id.size());
    answer_writer writer;
    connection_socket(descriptor)
        .write_now(writer.compose(to_response(too_many_connections(), name),
                                  {.request_id = name, .closes = true}));
    linger_.take(descriptor);
  }

  const server_options options_;
  const route_matcher routes_;
  request_ids ids_;
  connection_registry registry_;
  connection_linger linger_;
  const connection_context context_;

  /// Written once, in the constructor.
  int port_ = 0;
  std::atomic<std::thread::id> turning_away_{};
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
