#include "actors/control/pruner.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

namespace sluice::actors {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// A step is to take about so long: some of those who send events wait for it.
// SQLite ends its own sooner, because it has the only writer.
constexpr microseconds longest_step_wanted{6'000};
constexpr microseconds shortest_step_wanted{3'000};
constexpr int least_limit = 10;
constexpr int greatest_limit = 500;
// Rests are so many times as long as what was done.
constexpr int rest_factor = 15;
constexpr milliseconds shortest_rest{75};
constexpr milliseconds longest_rest{250};
// A round that lasts longer is behind: more may become old than it removes.
// From then on its rests get shorter, but not below this part.
constexpr std::chrono::minutes patience_of_a_round{10};
constexpr double least_part_of_a_rest = 0.25;
constexpr milliseconds rest_after_failure{1'000};
// Between two rounds: when the last one found something, and when not. Rows
// that are old and stay are looked at in each round, however many they are.
constexpr milliseconds rest_of_busy_rounds{1'000};
constexpr milliseconds shortest_rest_of_rounds{5'000};
constexpr milliseconds longest_rest_of_rounds{600'000};
constexpr int rest_factor_of_rounds = 50;
// A key is kept a little longer than it counts: who has just been told of it
// may look at it once more.
constexpr milliseconds rest_of_a_key{600'000};
// So many rows are worth a line in the log.
constexpr long rows_worth_a_line = 10'000;

} // namespace

milliseconds rest_of_step(microseconds took, microseconds lasted) {
  using seconds = std::chrono::duration<double>;
  auto part = lasted <= patience_of_a_round
                  ? 1
                  : std::max(seconds(patience_of_a_round) / seconds(lasted),
                             least_part_of_a_rest);
  return std::chrono::duration_cast<milliseconds>(
      part * std::clamp<microseconds>(rest_factor * took, shortest_rest,
                                      longest_rest));
}

milliseconds pruner::step(store_session &session) {
  using clock = std::chrono::steady_clock;
  if (what_ == db::prunable::events && after_.empty())
    lasted_ = microseconds(0);
  auto request = next_request();
  auto took = microseconds(0);
  if (request) {
    auto begin = clock::now();
    auto removed =
        session.with([&](db::store &store) { return store.prune(*request); });
    took = std::chrono::duration_cast<microseconds>(clock::now() - begin);
    busy_for_ += took;
    parts_->counts.prune_time.note(took);
    fit_to(took);
    if (!removed)
      return rest_after_failure;
    count(*removed);
    after_ = removed->next;
  }
  if (after_.empty()) {
    auto is_over = what_ == db::prunable::dedup_keys;
    enter_next();
    if (is_over)
      return end_round();
  }
  auto rest = rest_of_step(took, lasted_);
  lasted_ += took + rest;
  return rest;
}

milliseconds pruner::end_round() {
  auto busy_for = std::exchange(busy_for_, microseconds(0));
  if (std::exchange(has_found_, false))
    return rest_of_busy_rounds;
  return std::clamp(std::chrono::duration_cast<milliseconds>(
                        rest_factor_of_rounds * busy_for),
                    shortest_rest_of_rounds, longest_rest_of_rounds);
}

std::optional<db::prune_request> pruner::next_request() const {
  auto settings = parts_->settings.get();
  db::prune_request request{
      .what = what_, .older_than = {}, .after = after_, .limit = limit_};
  switch (what_) {
  case db::prunable::events:
    request.older_than = settings->retention.events;
    break;
  case db::prunable::deliveries:
    request.older_than = settings->retention.deliveries;
    break;
  case db::prunable::dedup_keys:
    request.older_than = rest_of_a_key;
    break;
  }
  if (request.older_than.count() == 0)
    return std::nullopt;
  return request;
}

void pruner::enter_next() {
  after_.clear();
  switch (what_) {
  case db::prunable::events:
    what_ = db::prunable::deliveries;
    break;
  case db::prunable::deliveries:
    what_ = db::prunable::dedup_keys;
    break;
  case db::prunable::dedup_keys:
    what_ = db::prunable::events;
    break;
  }
}

void pruner::fit_to(microseconds took) {
  if (took > longest_step_wanted)
    limit_ = std::max(limit_ / 2, least_limit);
  else if (took < shortest_step_wanted)
    limit_ = std::min(limit_ + limit_ / 4 + 1, greatest_limit);
}

void pruner::count(const db::prune_outcome &removed) {
  auto &counts = parts_->counts;
  counts.removed_events += static_cast<std::uint64_t>(removed.events);
  counts.removed_deliveries += static_cast<std::uint64_t>(removed.deliveries);
  counts.removed_attempts += static_cast<std::uint64_t>(removed.attempts);
  counts.removed_keys += static_cast<std::uint64_t>(removed.dedup_keys);
  has_found_ = has_found_ || removed.sum() > 0;
  removed_ += removed.sum();
  if (removed_ < rows_worth_a_line)
    return;
  spdlog::info("retention: removed {} rows that were old enough", removed_);
  removed_ = 0;
}

} // namespace sluice::actors
