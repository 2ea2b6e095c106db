#pragma once

#include <string>
#include <vector>

#include "tools/bench/context.hpp"

namespace sluice::tools {

/// Each measures one thing on every store that was chosen, in interleaved
/// rounds, and adds figures and bars to the report. Throws `bench_failure`.

/// Single POSTs over kept-alive connections, against a server that answers
/// 202 and stores nothing.
void measure_single(bench_context &bench);
/// POSTs of 1000 events, against raw multi-row inserts.
void measure_batch(bench_context &bench);
/// From the queue to the log, against raw claim and move statements.
void measure_move(bench_context &bench);
/// The time of a claim from a long queue, against that from a short one.
void measure_claim_depth(bench_context &bench);
/// The time from a POST to an idle service until the event is in the log.
void measure_latency(bench_context &bench);
/// Webhooks to four endpoints, against a bare sender on libcurl with as many
/// requests in flight and the same receiver.
void measure_deliver(bench_context &bench);
/// What the service uses when nothing happens.
void measure_idle(bench_context &bench);

struct scenario {
  std::string name;
  void (*run)(bench_context &);
};

/// In the order in which they are run.
const std::vector<scenario> &all_scenarios();

} // namespace sluice::tools
