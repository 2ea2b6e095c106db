#include <algorithm>

#include "tools/bench/failure.hpp"
#include "tools/bench/load_figure.hpp"
#include "tools/bench/requests.hpp"
#include "tools/bench/scenarios.hpp"
#include "tools/bench/service_process.hpp"

namespace sluice::tools {

namespace {

constexpr double postgres_bar = 0.6;
constexpr int events_per_request = 1000;
constexpr int connections = 4;
constexpr auto loop_duration = std::chrono::milliseconds(2000);

struct raw_variant {
  /// COPY is not what anybody who takes single events can do.
  bool is_floor = true;
  db::insert_plan plan;
  figure rate;
};

std::vector<raw_variant> variants_of(const target &on) {
  std::vector<raw_variant> variants;
  auto add = [&](db::insert_way way, int count, const std::string &name) {
    variants.push_back(
        {way == db::insert_way::statement,
         {.way = way,
          .connections = count,
          .rows_per_transaction = events_per_request,
          .duration = loop_duration},
         {on.kind() + " raw insert, " + name, "rows/s", {}, {}}});
  };
  if (!on.is_postgres()) {
    add(db::insert_way::statement, 1, "prepared, 1 conn");
    return variants;
  }
  for (int count : {1, 2}) {
    auto tail = ", " + std::to_string(count) + " conn";
    add(db::insert_way::statement, count, "unnest" + tail);
    add(db::insert_way::copy, count, "COPY" + tail);
  }
  return variants;
}

void run_raw(const target &on, std::vector<raw_variant> &variants) {
  auto raw = on.raw();
  for (auto &one : variants) {
    must(raw->clear());
    auto outcome = must(raw->insert_loop(on.sample(), one.plan));
    one.rate.samples.push_back(outcome.rows_per_second());
  }
  must(raw->clear());
}

/// Nothing leaves the queue, as in the raw loop.
std::map<std::string, std::string> held() {
  auto settings = without_limit();
  for (const auto *name : {"min", "max", "idle"})
    settings["processor." + std::string(name) + "_poll_interval"] = "1h";
  return settings;
}

load_result run_service(bench_context &bench, const target &on,
                        std::map<std::string, std::string> settings) {
  service_process service(on, bench.settings(std::move(settings)));
  auto result =
      run_load({.port = service.port(),
                .connections = connections,
                .request = post_request("/api/events/batch", service.key(),
                                        batch_body(events_per_request)),
                .duration = bench.options.duration});
  if (result.by_status.contains(207))
    throw bench_failure("batch: some events were refused (207)");
  service.stop();
  must(on.raw()->clear());
  return result;
}

void measure_on(bench_context &bench, const std::string &store) {
  auto on = bench.make_target(store);
  auto variants = variants_of(*on);
  load_figure rate(store + " sluice, 4 conn", "rows/s", events_per_request);
  load_figure moving(store + " sluice, 4 conn, queue moved meanwhile", "rows/s",
                     events_per_request);
  for (int round = 1; round <= bench.options.rounds; ++round) {
    bench.tell("batch: " + store + ", round " + std::to_string(round));
    run_raw(*on, variants);
    rate.add(run_service(bench, *on, held()));
    moving.add(run_service(bench, *on, without_limit()));
  }
  double best = 0;
  for (const auto &one : variants) {
    bench.found.add(one.rate);
    if (one.is_floor)
      best = std::max(best, one.rate.median());
  }
  auto done = rate.done();
  bench.found.add(done);
  bench.found.add(moving.done());
  if (on->is_postgres())
    bench.found.add(bar{.name = store + " / best raw insert loop",
                        .value = done.median() / best,
                        .limit = postgres_bar});
  else
    bench.found.add(figure{store + " / raw insert loop",
                           "ratio",
                           {done.median() / best},
                           "for information"});
}

} // namespace

void measure_batch(bench_context &bench) {
  for (const auto &store : bench.options.stores)
    measure_on(bench, store);
}

} // namespace sluice::tools
