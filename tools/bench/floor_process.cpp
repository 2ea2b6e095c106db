#include "tools/bench/floor_process.hpp"

#include <string>

#include "tools/bench/failure.hpp"

namespace sluice::tools {

namespace {

/// For whoever looks whether it is up, or how far it came.
constexpr int spare_connections = 8;

} // namespace

floor_process::floor_process(const bench_context &bench, int connections)
    : folder_(bench.options.folder), port_(free_port()),
      process_({.arguments = {"/proc/self/exe", "bench", "--floor-server",
                              std::to_string(port_), "--connections",
                              std::to_string(connections + spare_connections)},
                .folder = folder_.path(),
                .log = folder_.path() / "floor.log",
                .user = {}}) {
  if (!wait_for_port(port_, std::chrono::seconds(10)))
    throw bench_failure("the floor server did not start: " +
                        process_.last_words());
}

} // namespace sluice::tools
