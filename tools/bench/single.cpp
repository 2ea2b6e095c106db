#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tools/bench/disk_sync.hpp"
#include "tools/bench/floor_process.hpp"
#include "tools/bench/load_figure.hpp"
#include "tools/bench/requests.hpp"
#include "tools/bench/scenarios.hpp"
#include "tools/bench/service_process.hpp"

namespace sluice::tools {

namespace {

constexpr double sqlite_bar = 0.5;
constexpr double postgres_bar = 0.3;

struct contender {
  std::unique_ptr<target> on;
  std::unique_ptr<service_process> service;
  load_figure rate;
  /// Events that a run left in the queue.
  figure waiting;
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
  floor_process floor(bench, bench.options.connections);
  load_figure floor_rate("floor: bare 202 server", "req/s");
  figure disk{"disk: a page and its fsync",
              "ms",
              {},
              "in this run's folder, before each run of a store"};
  figure slow_disk{"disk: 99th of 100 of them", "ms", {}, ""};
  std::vector<contender> contenders;
  for (const auto &store : bench.options.stores) {
    auto on = bench.make_target(store);
    // As by default: how much of a burst is moved meanwhile, and what is
    // refused, depends on the queue's settings.
    auto service = std::make_unique<service_process>(*on, bench.settings());
    contenders.push_back({std::move(on),
                          std::move(service),
                          load_figure("sluice on " + store, "req/s"),
                          {"sluice on " + store + ", waiting at the end",
                           "events",
                           {},
                           "as of the last sample of its health"}});
  }
  for (int round = 1; round <= bench.options.rounds; ++round) {
    bench.tell("single: round " + std::to_string(round));
    // The same bytes as the service gets, key included.
    auto key = contenders.empty() ? "" : contenders.front().service->key();
    floor_rate.add(run_load(plan_for(bench, floor.port(), key)));
    for (auto &one : contenders) {
      const auto &service = *one.service;
      const auto syncs = measure_disk(one.on->folder());
      disk.samples.push_back(syncs.median);
      slow_disk.samples.push_back(syncs.p99);
      one.rate.add(run_load(plan_for(bench, service.port(), service.key())));
      one.waiting.samples.push_back(service.queue_depth());
      one.service->wait_until_drained();
    }
  }
  auto floor_done = floor_rate.done();
  bench.found.add(floor_done);
  if (!disk.samples.empty()) {
    bench.found.add(disk);
    bench.found.add(slow_disk);
  }
  for (const auto &one : contenders) {
    bench.found.add(one.rate.done());
    bench.found.add(one.waiting);
  }
  for (const auto &one : contenders)
    bench.found.add(
        bar{.name = one.on->kind() + " / floor",
            .value = one.rate.done().median() / floor_done.median(),
            .limit = one.on->is_postgres() ? postgres_bar : sqlite_bar});
}

} // namespace sluice::tools
