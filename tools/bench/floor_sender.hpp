#pragma once

#include <chrono>
#include <string>

namespace sluice::tools {

/// What a bare sender is to do.
struct sending_plan {
  /// Of 127.0.0.1; asked for `POST /hook`.
  int port = 0;
  int in_flight = 1;
  long requests = 0;
  /// Sent with each.
  std::string body;
};

/// The least that a sender on libcurl's multi interface can do: one thread,
/// connections reused, the headers of a signed webhook, but nothing looked up,
/// checked, signed or written down. Returns requests a second; throws
/// `bench_failure` when one is not answered with a 2xx.
double run_floor_sender(const sending_plan &plan);

} // namespace sluice::tools
