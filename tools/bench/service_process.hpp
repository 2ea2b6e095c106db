#pragma once

#include <map>
#include <memory>
#include <string>

#include "tools/bench/child_process.hpp"
#include "tools/bench/target.hpp"

namespace sluice::tools {

/// This program's own `serve` on a target, with default settings, as a child.
class service_process {
public:
  /// Returns when it is ready and has an organization without a rate limit.
  /// `settings` go on top of the defaults. Throws `bench_failure`.
  service_process(const target &on,
                  const std::map<std::string, std::string> &settings = {});

  int port() const { return port_; }
  /// The organization's API key.
  const std::string &key() const { return key_; }
  process_usage usage() const { return process_->usage(); }

  /// How many items wait, or are with a worker, as of the last sample of the
  /// service's health. Throws `bench_failure` when it does not say.
  double queue_depth() const;

  /// Waits until the queue has been empty for longer than a sample of the
  /// service's health is old.
  void wait_until_drained();

  /// As an operator stops it.
  void stop() { process_->stop(); }

private:
  void make_organization(const std::string &admin_token);

  int port_;
  std::string key_;
  std::unique_ptr<child_process> process_;
};

} // namespace sluice::tools
