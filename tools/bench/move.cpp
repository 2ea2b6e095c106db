#include <algorithm>

#include "tools/bench/failure.hpp"
#include "tools/bench/scenarios.hpp"
#include "tools/bench/service_process.hpp"

namespace sluice::tools {

namespace {

constexpr double postgres_bar = 0.7;

struct raw_variant {
  db::move_plan plan;
  figure rate;
};

std::vector<raw_variant> variants_of(const target &on) {
  std::vector<raw_variant> variants;
  for (int count : on.is_postgres() ? std::vector{1, 2} : std::vector{1})
    for (int rows : {500, 1000})
      variants.push_back(
          {{count, rows},
           {on.kind() + " raw claim+move, " + std::to_string(count) +
                " conn, " + std::to_string(rows) + " rows",
            "rows/s",
            {},
            {}}});
  return variants;
}

void fill(const bench_context &bench, const target &on) {
  auto raw = on.raw();
  must(raw->clear());
  must(raw->fill_queue(on.sample(), bench.options.rows));
}

double run_service(bench_context &bench, const target &on) {
  fill(bench, on);
  service_process service(on, bench.settings());
  service.wait_until_drained();
  service.stop();
  auto log = must(on.raw()->log());
  if (log.rows != bench.options.rows)
    throw bench_failure("move: " + std::to_string(log.rows) +
                        " rows in the log");
  return log.rows_per_second();
}

void measure_on(bench_context &bench, const std::string &store) {
  auto on = bench.make_target(store);
  auto variants = variants_of(*on);
  figure rate{store + " sluice, first to last stored", "rows/s", {}, {}};
  for (int round = 1; round <= bench.options.rounds; ++round) {
    bench.tell("move: " + store + ", round " + std::to_string(round));
    for (auto &one : variants) {
      fill(bench, *on);
      auto outcome = must(on->raw()->move_loop(one.plan));
      one.rate.samples.push_back(outcome.rows_per_second());
    }
    rate.samples.push_back(run_service(bench, *on));
  }
  double best = 0;
  for (const auto &one : variants) {
    bench.found.add(one.rate);
    best = std::max(best, one.rate.median());
  }
  bench.found.add(rate);
  if (on->is_postgres())
    bench.found.add(bar{.name = store + " / best raw claim+move loop",
                        .value = rate.median() / best,
                        .limit = postgres_bar});
  else
    bench.found.add(figure{store + " / raw claim+move loop",
                           "ratio",
                           {rate.median() / best},
                           "for information"});
}

} // namespace

void measure_move(bench_context &bench) {
  for (const auto &store : bench.options.stores)
    measure_on(bench, store);
}

} // namespace sluice::tools
