#pragma once

#include "tools/bench/child_process.hpp"
#include "tools/bench/context.hpp"
#include "tools/bench/scratch_folder.hpp"

namespace sluice::tools {

/// The bare server of `run_floor_server`, as a child like the service. Throws
/// `bench_failure` when it does not start.
class floor_process {
public:
  floor_process(const bench_context &bench, int connections);

  int port() const { return port_; }

private:
  scratch_folder folder_;
  int port_;
  child_process process_;
};

} // namespace sluice::tools
