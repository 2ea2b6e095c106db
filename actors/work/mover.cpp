#include "actors/work/mover.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

namespace sluice::actors {

namespace {

bool has_failed_before(const db::claimed_item &item) {
  return item.attempts > 0;
}

} // namespace

mover::mover(store_session &session, counters &counts, retry_policy policy)
    : session_(session), counts_(counts), policy_(policy) {}

void mover::take(db::claim work) {
  work_ = std::move(work);
  failures_.clear();
  earliest_retry_.reset();
  single_out([this](auto &item) {
    return expects_refusal_ || has_failed_before(item);
  });
  auto are_all = singles_.size() == work_.items.size();
  after_singles_ = are_all ? step::over : step::together;
  next_ = singles_.empty() ? step::together : step::each;
}

template <class Predicate>
void mover::single_out(Predicate is_single) {
  singles_.clear();
  for (const auto &item : work_.items)
    if (is_single(item))
      singles_.push_back(item.id);
  parts_.assign(1, singles_);
}

bool mover::advance(std::chrono::milliseconds most) {
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + most;
  is_away_ = false;
  while (next_ != step::over) {
    switch (next_) {
    case step::together:
      next_ = move_together();
      break;
    case step::each:
      next_ = move_each();
      break;
    case step::give_up:
      next_ = give_up();
      break;
    case step::over:
      break;
    }
    if (is_away_ || clock::now() >= end)
      break;
  }
  return next_ == step::over;
}

bool mover::abandon(const db::claim &work, std::string_view reason) {
  take(work);
  for (const auto &item : work_.items)
    add_failure(item.id, reason);
  after_singles_ = step::over;
  next_ = step::give_up;
  return advance();
}

mover::step mover::move_together() {
  const auto begun = std::chrono::steady_clock::now();
  auto moved =
      session_.with([&](db::store &store) { return store.move(work_.id); });
  if (!moved)
    return after(moved.error());
  counts_.move_time.note(std::chrono::steady_clock::now() - begun);
  counts_.stored += static_cast<std::uint64_t>(*moved);
  auto asked = static_cast<std::size_t>(
      std::count_if(work_.items.begin(), work_.items.end(),
                    [](auto &item) { return !has_failed_before(item); }));
  counts_.lost_claims +=
      asked - std::min(asked, static_cast<std::size_t>(*moved));
  if (asked == static_cast<std::size_t>(*moved))
    note_ages([](auto &item) { return !has_failed_before(item); });
  return step::over;
}

mover::step mover::move_each() {
  const auto part = parts_.back();
  auto moved = session_.with(
      [&](db::store &store) { return store.move_each(work_.id, part); });
  if (!moved)
    return after(moved.error());
  parts_.pop_back();
  counts_.stored += static_cast<std::uint64_t>(moved->moved);
  counts_.lost_claims += static_cast<std::uint64_t>(moved->lost);
  for (const auto &refused : moved->refused)
    add_failure(refused.id, refused.reason);
  if (moved->lost == 0)
    note_ages([&](auto &item) {
      return std::ranges::find(part, item.id) != part.end() &&
             !is_failure(item);
    });
  return after_part();
}

void mover::halve(std::string_view reason) {
  const auto part = parts_.back();
  parts_.pop_back();
  const auto half = part.size() / 2;
  if (half > 0) {
    parts_.push_back(part.subspan(half));
    parts_.push_back(part.first(half));
  } else if (!part.empty()) {
    add_failure(part.front(), reason);
  }
}

mover::step mover::after_part() {
  if (!parts_.empty())
    return step::each;
  if (after_singles_ == step::over)
    expects_refusal_ = std::ranges::any_of(work_.items, [this](auto &item) {
      return !has_failed_before(item) && is_failure(item);
    });
  return failures_.empty() ? after_singles_ : step::give_up;
}

bool mover::is_failure(const db::claimed_item &item) const {
  return std::any_of(failures_.begin(), failures_.end(),
                     [&](auto &one) { return one.id == item.id; });
}

template <class Predicate>
void mover::note_ages(Predicate is_stored) {
  using std::chrono::milliseconds;
  const auto now = std::chrono::duration_cast<milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  for (const auto &item : work_.items)
    if (is_stored(item))
      counts_.queue_age.note(now - item.id.value().made_at());
}

mover::step mover::give_up() {
  auto failed = session_.with(
      [&](db::store &store) { return store.fail_items(work_.id, failures_); });
  if (!failed && failed.error().code == db::errc::rejected) {
    // The database takes not even this; whoever rescues them tries again.
    spdlog::error("failed items stay claimed: {}", failed.error().text);
    failures_.clear();
    return after_singles_;
  }
  if (!failed) {
    is_away_ = true;
    return step::give_up;
  }
  counts_.retried += static_cast<std::uint64_t>(failed->retried);
  counts_.quarantined += static_cast<std::uint64_t>(failed->quarantined);
  counts_.lost_claims += static_cast<std::uint64_t>(failed->lost);
  for (const auto &one : failures_)
    if (one.retry_in)
      earliest_retry_ =
          std::min(earliest_retry_.value_or(*one.retry_in), *one.retry_in);
  failures_.clear();
  return after_singles_;
}

mover::step mover::after(const db::error &failure) {
  switch (failure.code) {
  case db::errc::rejected:
    if (next_ == step::together) {
      single_out([](auto &item) { return !has_failed_before(item); });
      after_singles_ = step::over;
      return step::each;
    }
    halve(failure.text);
    return after_part();
  case db::errc::unavailable:
  case db::errc::in_doubt: // moving again finds what is left, if anything
  case db::errc::conflict:
  case db::errc::schema:
  case db::errc::locked:
  case db::errc::closed:
    break;
  }
  is_away_ = true;
  return next_;
}

void mover::add_failure(db::event_id id, std::string_view reason) {
  const auto item = std::ranges::find(work_.items, id, &db::claimed_item::id);
  if (item == work_.items.end())
    return;
  failures_.push_back({.id = id,
                       .reason = std::string(reason),
                       .retry_in = policy_.wait_after(item->attempts + 1)});
}

} // namespace sluice::actors
