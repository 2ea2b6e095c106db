#include "tools/bench/interruption.hpp"
#include "tools/bench/load_generator.hpp"
#include "tools/bench/requests.hpp"
#include "tools/bench/scenarios.hpp"
#include "tools/bench/service_process.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;

constexpr double cpu_bar = 1;
constexpr double memory_bar = 64;
constexpr auto settling = milliseconds(3000);
constexpr auto watched = milliseconds(20'000);
constexpr double mebibyte = 1024.0 * 1024.0;

} // namespace

void measure_idle(bench_context &bench) {
  for (const auto &store : bench.options.stores) {
    bench.tell("idle: " + store);
    auto on = bench.make_target(store);
    service_process service(*on, bench.settings());
    pass_time(settling);
    auto before = service.usage();
    pass_time(watched);
    auto after = service.usage();
    auto share = 100.0 * static_cast<double>((after.cpu - before.cpu).count()) /
                 static_cast<double>(watched.count());
    auto resident = static_cast<double>(after.resident_bytes) / mebibyte;
    bench.found.add(
        bar{store + " processor, % of a core", share, cpu_bar, true});
    bench.found.add(bar{store + " resident, MiB", resident, memory_bar, true});
    // What a second of load leaves behind, for information.
    run_load(
        {.port = service.port(),
         .connections = bench.options.connections,
         .request = post_request("/api/events", service.key(), event_body()),
         .warm_up = milliseconds(0),
         .duration = milliseconds(1000)});
    service.wait_until_drained();
    bench.found.add(
        figure{store + " resident after a second of load",
               "MiB",
               {static_cast<double>(service.usage().resident_bytes) / mebibyte},
               {}});
  }
}

} // namespace sluice::tools
