#include "tools/bench/failure.hpp"
#include "tools/bench/load_figure.hpp"
#include "tools/bench/requests.hpp"
#include "tools/bench/scenarios.hpp"
#include "tools/bench/service_process.hpp"

namespace sluice::tools {

namespace {

constexpr double sqlite_bar = 0.5;
constexpr double postgres_bar = 0.3;

/// The bare server, as a child like the service.
class floor_process {
public:
  explicit floor_process(const bench_context &bench)
      : folder_(bench.options.folder), port_(free_port()),
        // A few more for whoever looks whether it is up.
        process_({.arguments = {"/proc/self/exe", "bench", "--floor-server",
                                std::to_string(port_), "--connections",
                                std::to_string(bench.options.connections + 8)},
                  .folder = folder_.path(),
                  .log = folder_.path() / "floor.log",
                  .user = {}}) {
    if (!wait_for_port(port_, std::chrono::seconds(10)))
      throw bench_failure("the floor server did not start: " +
                          process_.last_words());
  }

  int port() const { return port_; }

private:
  scratch_folder folder_;
  int port_;
  child_process process_;
};

struct contender {
  std::unique_ptr<target> on;
  std::unique_ptr<service_process> service;
  load_figure rate;
};

load_plan plan_for(const bench_context &bench, int port,
                   const std::string &key) {
  return {.port = port,
          .connections = bench.options.connections,
          .request = post_request("/api/events", key, event_body()),
          .duration = bench.options.duration};
}

} // namespace

void measure_single(bench_context &bench) {
  floor_process floor(bench);
  load_figure floor_rate("floor: bare 202 server", "req/s");
  std::vector<contender> contenders;
  for (const auto &store : bench.options.stores) {
    auto on = bench.make_target(store);
    auto service =
        std::make_unique<service_process>(*on, bench.settings(without_limit()));
    contenders.push_back({std::move(on), std::move(service),
                          load_figure("sluice on " + store, "req/s")});
  }
  for (int round = 1; round <= bench.options.rounds; ++round) {
    bench.tell("single: round " + std::to_string(round));
    // The same bytes as the service gets, key included.
    auto key = contenders.empty() ? "" : contenders.front().service->key();
    floor_rate.add(run_load(plan_for(bench, floor.port(), key)));
    for (auto &one : contenders) {
      const auto &service = *one.service;
      one.rate.add(run_load(plan_for(bench, service.port(), service.key())));
      one.service->wait_until_drained();
    }
  }
  auto floor_done = floor_rate.done();
  bench.found.add(floor_done);
  for (const auto &one : contenders)
    bench.found.add(one.rate.done());
  for (const auto &one : contenders)
    bench.found.add(
        bar{.name = one.on->kind() + " / floor",
            .value = one.rate.done().median() / floor_done.median(),
            .limit = one.on->is_postgres() ? postgres_bar : sqlite_bar});
}

} // namespace sluice::tools
