#include "actors/work/mover.hpp"

#include <algorithm>

namespace sluice::actors {

mover::mover(store_session &session, counters &counts, retry_policy policy)
    : session_(session), counts_(counts), policy_(policy) {}

void mover::take(db::claim work) {
  work_ = std::move(work);
  parts_.clear();
  earliest_retry_.reset();
  // Suspects last, one by one: what they cost, they cost themselves.
  auto suspects = std::stable_partition(
      work_.items.begin(), work_.items.end(),
      [](const db::claimed_item &item) { return item.attempts == 0; });
  items all(work_.items);
  auto fresh = static_cast<std::size_t>(suspects - work_.items.begin());
  for (auto at = all.size(); at > fresh; --at)
    parts_.push_back(all.subspan(at - 1, 1));
  if (fresh > 0)
    parts_.push_back(all.first(fresh));
}

bool mover::advance() {
  while (!parts_.empty()) {
    auto part = parts_.back();
    parts_.pop_back();
    if (move(part) == step::away) {
      parts_.push_back(part);
      return false;
    }
  }
  return true;
}

mover::step mover::move(items part) {
  std::vector<db::event_id> ids;
  ids.reserve(part.size());
  for (const auto &item : part)
    ids.push_back(item.id);
  auto moved = session_.with(
      [&](db::store &store) { return store.move(work_.id, ids); });
  if (moved) {
    counts_.stored += static_cast<std::uint64_t>(moved->moved);
    counts_.lost_claims += static_cast<std::uint64_t>(moved->lost);
    return step::done;
  }
  switch (moved.error().code) {
  case db::errc::rejected:
    break;
  case db::errc::unavailable:
  case db::errc::in_doubt: // moving again finds what is left, if anything
  case db::errc::conflict:
  case db::errc::schema:
  case db::errc::locked:
    return step::away;
  }
  if (part.size() == 1)
    return give_up(part, moved.error().text);
  parts_.push_back(part.subspan(part.size() / 2));
  parts_.push_back(part.first(part.size() / 2));
  return step::done;
}

mover::step mover::give_up(items part, std::string_view reason) {
  std::vector<db::failure> failures;
  failures.reserve(part.size());
  for (const auto &item : part)
    failures.push_back({.id = item.id,
                        .reason = std::string(reason),
                        .retry_in = policy_.wait_after(item.attempts + 1)});
  auto failed = session_.with(
      [&](db::store &store) { return store.fail_items(work_.id, failures); });
  if (!failed)
    return step::away;
  counts_.retried += static_cast<std::uint64_t>(failed->retried);
  counts_.quarantined += static_cast<std::uint64_t>(failed->quarantined);
  counts_.lost_claims += static_cast<std::uint64_t>(failed->lost);
  for (const auto &one : failures)
    if (one.retry_in)
      remember_wait(*one.retry_in);
  return step::done;
}

bool mover::abandon(const db::claim &work, std::string_view reason) {
  work_ = work;
  parts_.clear();
  earliest_retry_.reset();
  return give_up(work_.items, reason) == step::done;
}

void mover::remember_wait(std::chrono::milliseconds wait) {
  earliest_retry_ = std::min(earliest_retry_.value_or(wait), wait);
}

} // namespace sluice::actors
