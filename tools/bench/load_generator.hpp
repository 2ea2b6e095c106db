#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "tools/bench/latency_histogram.hpp"

namespace sluice::tools {

/// A closed loop: each connection sends `request`, waits for the answer,
/// and sends again.
struct load_plan {
  /// On 127.0.0.1.
  int port = 0;
  int connections = 1;
  /// A whole request, sent as it is each time.
  std::string request;
  /// Load before the measured time; not counted.
  std::chrono::milliseconds warm_up{1000};
  std::chrono::milliseconds duration{5000};
};

struct load_result {
  /// Whole responses with a 2xx status.
  std::uint64_t completed = 0;
  /// All whole responses, by status.
  std::map<int, std::uint64_t> by_status;
  /// Connections that could not be had, were closed in the middle, or sent
  /// something that is not a response. Each was opened again.
  std::uint64_t broken = 0;
  /// From the request's first byte to the response's last, 2xx only.
  latency_histogram latency;
  std::chrono::nanoseconds took{};

  double per_second() const;
  /// "503: 12, broken: 1": all but 2xx; empty when there were none.
  std::string faults() const;
};

/// Runs the plan on the calling thread. Throws `bench_failure` when the
/// system refuses sockets, or on a signal to stop.
load_result run_load(const load_plan &plan);

} // namespace sluice::tools
