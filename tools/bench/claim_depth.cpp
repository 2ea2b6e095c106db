#include "db/store.hpp"
#include "tools/bench/failure.hpp"
#include "tools/bench/scenarios.hpp"

namespace sluice::tools {

namespace {

constexpr double bar_ratio = 1.5;
constexpr long short_queue = 1000;
constexpr int claim_size = 500;
constexpr int claims = 41;

/// A filled queue and a session that claims from it.
class queue {
public:
  queue(bench_context &bench, const std::string &store, long rows)
      : on_(bench.make_target(store)) {
    bench.tell("claim-depth: " + store + ", filling " + std::to_string(rows) +
               " rows");
    must(on_->raw()->fill_queue(on_->sample(), rows));
    source_ =
        must(db::open_store({.url = on_->url(),
                             .call_timeout = std::chrono::milliseconds(60'000),
                             .clock = {}}));
    session_ = must(source_->connect(db::purpose::work));
    must(session_->enlist({node_, "bench", "bench"}));
  }

  /// The time of one claim, in milliseconds. What was claimed is returned.
  double claim() {
    auto begin = std::chrono::steady_clock::now();
    auto claimed = must(
        session_->claim_items({node_, db::claim_id::generate(), claim_size}));
    auto took = std::chrono::steady_clock::now() - begin;
    if (claimed.items.size() != claim_size)
      throw bench_failure("claim-depth: claimed " +
                          std::to_string(claimed.items.size()));
    must(session_->release(claimed.id, {}));
    return std::chrono::duration<double, std::milli>(took).count();
  }

private:
  std::unique_ptr<target> on_;
  db::node_id node_ = db::node_id::generate();
  std::shared_ptr<db::store_source> source_;
  std::unique_ptr<db::store> session_;
};

} // namespace

void measure_claim_depth(bench_context &bench) {
  for (const auto &store : bench.options.stores) {
    queue shallow(bench, store, short_queue);
    queue deep(bench, store, bench.options.depth);
    figure at_shallow{store + " claim of 500 at 1000 rows", "ms", {}, {}};
    figure at_deep{store + " claim of 500 at " +
                       std::to_string(bench.options.depth) + " rows",
                   "ms",
                   {},
                   {}};
    for (int i = 0; i < claims; ++i) {
      at_shallow.samples.push_back(shallow.claim());
      at_deep.samples.push_back(deep.claim());
    }
    bench.found.add(at_shallow);
    bench.found.add(at_deep);
    bench.found.add(bar{.name = store + " long / short queue",
                        .value = at_deep.median() / at_shallow.median(),
                        .limit = bar_ratio,
                        .is_at_most = true});
  }
}

} // namespace sluice::tools
