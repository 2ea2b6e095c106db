#include <random>

#include <nlohmann/json.hpp>

#include "tools/bench/failure.hpp"
#include "tools/bench/http_session.hpp"
#include "tools/bench/interruption.hpp"
#include "tools/bench/requests.hpp"
#include "tools/bench/scenarios.hpp"
#include "tools/bench/service_process.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;

constexpr double bar_milliseconds = 10;
constexpr int events = 60;

std::string field(const http_reply &reply, const char *name) {
  auto body = nlohmann::json::parse(reply.body, nullptr, false);
  if (!body.is_object() || !body.contains(name) || !body[name].is_string())
    throw bench_failure("latency: no " + std::string(name) + " in an answer " +
                        std::to_string(reply.status));
  return body[name].get<std::string>();
}

/// From before the POST until a GET says that the event is stored.
double measure_one(http_session &session) {
  auto begin = std::chrono::steady_clock::now();
  auto path =
      "/api/events/" + field(session.post("/api/events", event_body()), "id");
  auto is_stored = [&] {
    return field(session.get(path), "status") == "stored";
  };
  if (!wait_until(is_stored, milliseconds(30'000), milliseconds(0)))
    throw bench_failure("latency: an event is not in the log after 30 s");
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now() - begin)
      .count();
}

} // namespace

void measure_latency(bench_context &bench) {
  // Unequal pauses, so that no timer of the service's falls in step.
  std::mt19937 random(4711);
  std::uniform_int_distribution<int> pause(120, 400);
  for (const auto &store : bench.options.stores) {
    bench.tell("latency: " + store);
    auto on = bench.make_target(store);
    service_process service(*on, bench.settings());
    http_session session(service.port(), service.key());
    figure time{store + " POST sent to seen in the log", "ms", {}, {}};
    for (int i = 0; i < events; ++i) {
      pass_time(milliseconds(pause(random)));
      time.samples.push_back(measure_one(session));
    }
    bench.found.add(time);
    bench.found.add(bar{.name = store + " median, ms",
                        .value = time.median(),
                        .limit = bar_milliseconds,
                        .is_at_most = true});
  }
}

} // namespace sluice::tools
