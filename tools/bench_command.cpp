#include "tools/bench_command.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "tools/bench/failure.hpp"
#include "tools/bench/floor_server.hpp"
#include "tools/bench/interruption.hpp"
#include "tools/bench/scenarios.hpp"

namespace sluice::tools {

namespace {

struct arguments {
  bench_options options;
  int seconds = 5;
  std::vector<std::string> settings;
  std::string json_file;
  bool is_asserting = false;
  /// The port of a floor server to be, instead of a bench.
  int floor_port = 0;
};

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto &one : all_scenarios())
    names.push_back(one.name);
  return names;
}

bench_options read(const arguments &given) {
  auto options = given.options;
  options.duration = std::chrono::seconds(given.seconds);
  for (const auto &setting : given.settings) {
    auto equals = setting.find('=');
    if (equals == std::string::npos)
      throw bench_failure("--set takes key=value, not " + setting);
    options.settings[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return options;
}

void write_json(const std::string &file, const report &found) {
  if (file.empty())
    return;
  std::ofstream out(file);
  out << found.to_json() << '\n';
  if (!out.flush())
    throw bench_failure("can't write " + file);
}

int run_bench(const arguments &given) {
  catch_interruptions();
  bench_context bench(read(given));
  const auto &chosen = bench.options.scenarios;
  for (const auto &one : all_scenarios()) {
    if (!chosen.empty() &&
        std::find(chosen.begin(), chosen.end(), one.name) == chosen.end())
      continue;
    bench.found.begin(one.name);
    one.run(bench);
  }
  bench.finish();
  bench.found.print(std::cout);
  write_json(given.json_file, bench.found);
  return given.is_asserting && !bench.found.are_all_met() ? 1 : 0;
}

int run(const arguments &given) {
  if (given.floor_port > 0)
    return run_floor_server(given.floor_port, given.options.connections);
  try {
    return run_bench(given);
  } catch (const std::exception &fault) {
    std::cerr << "bench: " << fault.what() << '\n';
    return 1;
  }
}

} // namespace

void add_bench_command(CLI::App &app, int &exit_code) {
  auto *bench = app.add_subcommand(
      "bench", "Measures what this machine can do, and Sluice against it");
  auto given = std::make_shared<arguments>();
  auto &options = given->options;
  bench
      ->add_option("scenario", options.scenarios,
                   "What to measure; without any: everything")
      ->check(CLI::IsMember(scenario_names()));
  bench->add_option("--store", options.stores, "Only on these stores")
      ->check(CLI::IsMember({"sqlite", "postgres"}))
      ->delimiter(',')
      ->expected(1);
  bench->add_option("--postgres", options.postgres_url,
                    "URI of a server where databases may be made and dropped; "
                    "without: a server of its own, removed afterwards");
  bench->add_option("--folder", options.folder,
                    "Where to write (default: $TMPDIR or /var/tmp)");
  bench->add_option("--rounds", options.rounds, "Rounds, interleaved (3)")
      ->check(CLI::Range(1, 100));
  bench->add_option("--seconds", given->seconds, "Of each run under load (5)")
      ->check(CLI::Range(1, 600));
  bench
      ->add_option("--connections", options.connections,
                   "Kept-alive connections of single POSTs (64)")
      ->check(CLI::Range(1, 4096));
  bench->add_option("--rows", options.rows, "Rows to move (200000)")
      ->check(CLI::Range(1000, 10'000'000));
  bench->add_option("--webhooks", options.webhooks, "Webhooks to send (40000)")
      ->check(CLI::Range(1000, 10'000'000));
  bench
      ->add_option("--depth", options.depth, "Rows of the long queue (1000000)")
      ->check(CLI::Range(1000, 100'000'000));
  bench
      ->add_option("--set", given->settings,
                   "A setting of the measured service, key=value; as often as "
                   "needed")
      ->allow_extra_args(false);
  bench->add_option("--json", given->json_file, "Write the report as JSON");
  bench->add_flag("--assert", given->is_asserting,
                  "Exit with 1 when a bar is not met");
  bench->add_option("--floor-server", given->floor_port)->group("");
  bench->callback([given, &exit_code] { exit_code = run(*given); });
}

} // namespace sluice::tools
