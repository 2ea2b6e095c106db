#pragma once

#include <memory>
#include <string>

#include "tools/bench/child_process.hpp"
#include "tools/bench/scratch_folder.hpp"

namespace sluice::tools {

/// A PostgreSQL server of our own, with the settings that it comes with
/// (fsync and synchronous_commit are on), reachable by a Unix socket for the
/// user that runs us alone. Gone with the object.
class postgres_cluster {
public:
  /// Below `parent`. As root the server runs as user `postgres`. Throws
  /// `bench_failure` when the server's programs are missing or don't start.
  explicit postgres_cluster(const std::filesystem::path &parent);
  ~postgres_cluster();

  /// Of the database `postgres`.
  const std::string &url() const { return url_; }

private:
  void make(const std::filesystem::path &programs);
  child_options command(std::vector<std::string> arguments) const;

  scratch_folder folder_;
  std::string user_;
  std::string url_;
  std::unique_ptr<child_process> server_;
};

} // namespace sluice::tools
