#include "tools/bench/floor_server.hpp"

#include <atomic>
#include <limits>
#include <string>

#include <sys/socket.h>

#include <httplib.h>

namespace sluice::tools {

namespace {

// The library listens with a backlog of 5, too short for a burst of
// connections.
class wide_server : public httplib::Server {
public:
  void widen_backlog() { ::listen(svr_sock_, SOMAXCONN); }
};

} // namespace

int run_floor_server(int port, int connections) {
  wide_server server;
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(std::numeric_limits<int>::max());
  server.set_keep_alive_timeout(75);
  auto threads = static_cast<std::size_t>(connections);
  server.new_task_queue = [threads] {
    return new httplib::ThreadPool(threads);
  };
  server.Post(
      "/api/events", [](const httplib::Request &, httplib::Response &response) {
        response.status = 202;
        response.set_content(R"({"id":"01890000-0000-7000-8000-000000000000",)"
                             R"("status":"accepted"})",
                             "application/json");
      });
  std::atomic<long> hooks{0};
  server.Post("/hook",
              [&](const httplib::Request &, httplib::Response &response) {
                ++hooks;
                response.status = 204;
              });
  server.Get("/hooks",
             [&](const httplib::Request &, httplib::Response &response) {
               response.set_content(std::to_string(hooks), "text/plain");
             });
  if (!server.bind_to_port("127.0.0.1", port))
    return 1;
  server.widen_backlog();
  return server.listen_after_bind() ? 0 : 1;
}

} // namespace sluice::tools
