#include <nlohmann/json.hpp>

#include "config/settings.hpp"
#include "tools/bench/failure.hpp"
#include "tools/bench/floor_process.hpp"
#include "tools/bench/floor_sender.hpp"
#include "tools/bench/http_session.hpp"
#include "tools/bench/interruption.hpp"
#include "tools/bench/requests.hpp"
#include "tools/bench/scenarios.hpp"
#include "tools/bench/service_process.hpp"

namespace sluice::tools {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;

constexpr double deliver_bar = 0.6;
/// One endpoint alone may not have all that may be in flight.
constexpr int endpoints = 4;
constexpr int most_of_endpoint = 100;
constexpr int batch = 1000;
constexpr seconds patience{600};

/// What a webhook's body is around the payload.
std::string webhook_body() {
  return R"({"id":"01890000-0000-7000-8000-000000000000","type":")" +
         std::string(event_type()) +
         R"(","timestamp":"2026-01-01T00:00:00.000000Z","data":)" +
         event_payload() + '}';
}

long hooks_at(http_session &receiver) {
  auto reply = receiver.get("/hooks");
  if (reply.status != 200)
    throw bench_failure("the receiver does not answer");
  return std::stol(reply.body);
}

nlohmann::json must_answer(const http_reply &reply, const char *what) {
  auto body = nlohmann::json::parse(reply.body, nullptr, false);
  if (reply.status < 200 || reply.status > 299 || body.is_discarded())
    throw bench_failure(std::string(what) + ": answered with " +
                        std::to_string(reply.status) + ' ' + reply.body);
  return body;
}

/// A service with events that wait for its paused endpoints.
class loaded_service {
public:
  loaded_service(bench_context &bench, const target &on, int receiver_port)
      : service_(on, bench.settings(settings())),
        session_(service_.port(), service_.key()) {
    for (int i = 0; i < endpoints; ++i)
      add_endpoint(receiver_port);
  }

  void fill(long events) {
    order("pause");
    for (long left = events; left > 0; left -= batch)
      must_answer(
          session_.post("/api/events/batch", batch_body(static_cast<int>(
                                                 std::min<long>(left, batch)))),
          "a batch");
    service_.wait_until_drained();
  }

  void begin() { order("resume"); }

  /// Until all that was received is written down, too.
  void wait_until_settled() {
    if (!wait_until(
            [&] {
              auto health = nlohmann::json::parse(
                  session_.get("/health/ready").body, nullptr, false);
              return !health.is_discarded() && health.contains("deliveries") &&
                     health["deliveries"].value("pending", 1L) == 0;
            },
            patience, milliseconds(50)))
      throw bench_failure("deliveries stay pending");
  }

private:
  static std::map<std::string, std::string> settings() {
    auto all = without_limit();
    all["delivery.allow_http"] = "on";
    all["delivery.allow_networks"] = "127.0.0.0/8";
    return all;
  }

  void add_endpoint(int receiver_port) {
    nlohmann::json wanted{
        {"url", "http://127.0.0.1:" + std::to_string(receiver_port) + "/hook"},
        {"max_in_flight", most_of_endpoint}};
    auto made = must_answer(session_.post("/api/endpoints", wanted.dump()),
                            "an endpoint");
    ids_.push_back(made.at("id").get<std::string>());
  }

  void order(const std::string &verb) {
    for (const auto &id : ids_) {
      std::string path = "/api/endpoints/";
      path.append(id).append("/").append(verb);
      must_answer(session_.post(path, {}), verb.c_str());
    }
  }

  service_process service_;
  http_session session_;
  std::vector<std::string> ids_;
};

/// From the order to go on until the last one has come, the slow start of
/// endpoints included.
double run_service(loaded_service &service, http_session &receiver,
                   long events) {
  service.fill(events);
  const auto wanted = hooks_at(receiver) + events * endpoints;
  const auto begun = clock::now();
  service.begin();
  if (!wait_until([&] { return hooks_at(receiver) >= wanted; }, patience,
                  milliseconds(10)))
    throw bench_failure("webhooks stay away");
  const std::chrono::duration<double> took = clock::now() - begun;
  service.wait_until_settled();
  if (hooks_at(receiver) != wanted)
    throw bench_failure("webhooks came twice");
  return static_cast<double>(events * endpoints) / took.count();
}

} // namespace

void measure_deliver(bench_context &bench) {
  const int in_flight = config::settings{}.delivery.max_in_flight;
  const long events = bench.options.webhooks / endpoints;
  floor_process receiver(bench, in_flight * 2);
  http_session counter(receiver.port(), {});
  const sending_plan plan{.port = receiver.port(),
                          .in_flight = in_flight,
                          .requests = bench.options.webhooks,
                          .body = webhook_body()};
  figure floor{"floor: bare curl-multi loop",
               "req/s",
               {},
               std::to_string(in_flight) + " in flight"};
  for (const auto &store : bench.options.stores) {
    auto on = bench.make_target(store);
    loaded_service service(bench, *on, receiver.port());
    figure rate{"sluice on " + store, "req/s", {}, {}};
    figure ratio{store + " / floor of the round", "ratio", {}, {}};
    for (int round = 1; round <= bench.options.rounds; ++round) {
      bench.tell("deliver: " + store + ", round " + std::to_string(round));
      floor.samples.push_back(run_floor_sender(plan));
      rate.samples.push_back(run_service(service, counter, events));
      ratio.samples.push_back(rate.samples.back() / floor.samples.back());
    }
    bench.found.add(rate);
    bench.found.add(ratio);
    bench.found.add(bar{.name = store + " / bare curl-multi loop",
                        .value = ratio.median(),
                        .limit = deliver_bar});
  }
  bench.found.add(floor);
}

} // namespace sluice::tools
