#include "tools/bench/scenarios.hpp"

namespace sluice::tools {

const std::vector<scenario> &all_scenarios() {
  static const std::vector<scenario> all{
      {"single", measure_single},   {"batch", measure_batch},
      {"move", measure_move},       {"claim-depth", measure_claim_depth},
      {"latency", measure_latency}, {"deliver", measure_deliver},
      {"idle", measure_idle},
  };
  return all;
}

} // namespace sluice::tools
