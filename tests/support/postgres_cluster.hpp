#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sluice::tests {

/// A PostgreSQL cluster of a test's own, on 127.0.0.1 and a free port, that
/// may be stopped, frozen and killed. Made with initdb in a temporary folder
/// (as user `postgres` when the test runs as root) and removed at the end.
class postgres_cluster {
public:
  struct settings {
    /// Empty: everybody is trusted. Otherwise user `postgres` needs it.
    std::string password;
  };

  /// Starts the server; throws when it can't.
  explicit postgres_cluster(const settings &wanted);
  postgres_cluster() : postgres_cluster(settings()) {}
  postgres_cluster(const postgres_cluster &) = delete;
  postgres_cluster &operator=(const postgres_cluster &) = delete;
  ~postgres_cluster();

  /// False when PostgreSQL's server programs are not installed; says so on
  /// standard error.
  static bool is_available();

  int port() const { return port_; }
  /// A superuser's URI; through another port when a proxy stands between.
  std::string uri(std::optional<int> port = std::nullopt) const;

  /// Stops the server as a crash does.
  void crash();
  void start();

  /// Stops every process of the server with SIGSTOP, and lets them go on.
  void freeze();
  void thaw();

private:
  pid_t postmaster() const;
  std::vector<pid_t> processes() const;
  void signal_all(int signal) const;
  void run(const std::string &program,
           const std::vector<std::string> &arguments) const;

  std::filesystem::path folder_;
  std::string password_;
  int port_ = 0;
};

} // namespace sluice::tests
