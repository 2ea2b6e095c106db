#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace sluice::tests {

/// A DNS server on the loopback address, by UDP. What it answers may be kept
/// for no time.
class name_server {
public:
  /// The addresses of a name, of both families. Called once for each query of
  /// the one family and once for each of the other.
  using zone = std::function<std::vector<std::string>(const std::string &name)>;

  /// Without a zone, it is silent.
  explicit name_server(zone answer);
  ~name_server();
  name_server(const name_server &) = delete;
  name_server &operator=(const name_server &) = delete;

  /// As `ares_set_servers_ports_csv` takes it.
  std::string address() const;
  /// Of both families.
  int queries() const { return queries_; }

private:
  void serve();
  std::string answer_to(const std::string &query) const;

  zone zone_;
  int fd_ = -1;
  int port_ = 0;
  std::atomic<int> queries_ = 0;
  std::atomic<bool> is_closing_ = false;
  std::thread thread_;
};

} // namespace sluice::tests
