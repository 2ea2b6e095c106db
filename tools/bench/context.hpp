#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/bench/machine_share.hpp"
#include "tools/bench/postgres_cluster.hpp"
#include "tools/bench/report.hpp"
#include "tools/bench/target.hpp"

namespace sluice::tools {

struct bench_options {
  /// Names of scenarios.
  std::vector<std::string> scenarios;
  /// "sqlite", "postgres".
  std::vector<std::string> stores{"sqlite", "postgres"};
  /// A PostgreSQL server to use; empty: one of our own.
  std::string postgres_url;
  /// For everything that is written; empty: a default.
  std::filesystem::path folder;
  int rounds = 3;
  /// Of each run under load.
  std::chrono::milliseconds duration{5000};
  int connections = 64;
  /// Rows that the `move` scenario moves.
  long rows = 200'000;
  /// Webhooks that the `deliver` scenario sends.
  long webhooks = 40'000;
  /// Rows of the long queue of `claim-depth`.
  long depth = 1'000'000;
  /// Settings of the service, on top of the defaults.
  std::map<std::string, std::string> settings;
};

/// What scenarios share.
class bench_context {
public:
  explicit bench_context(bench_options chosen) : options(std::move(chosen)) {}

  /// A fresh target on "sqlite" or "postgres".
  std::unique_ptr<target> make_target(const std::string &store);

  /// The service's settings, with `more` below what the user chose.
  std::map<std::string, std::string>
  settings(std::map<std::string, std::string> more = {}) const;

  /// Tells the user where we are, on standard error.
  void tell(const std::string &line) const;

  /// Ends what scenarios share and notes how disturbed the run was. After
  /// the last scenario.
  void finish();

  const bench_options options;
  report found;

private:
  machine_share share_;
  std::unique_ptr<postgres_cluster> cluster_;
};

/// Settings for a queue that takes all there is: what is refused would not be
/// measured, and nothing that Sluice is compared with has a limit.
std::map<std::string, std::string> without_limit();

} // namespace sluice::tools
