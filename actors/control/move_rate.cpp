#include "actors/control/move_rate.hpp"

#include <utility>

namespace sluice::actors {

namespace {

// Fewer may be those that wait for their next attempt.
constexpr long enough_to_do = 100;
constexpr std::chrono::minutes remembered_work{1};

/// Whether there was enough to do from one look to the next: what was moved
/// waited at the beginning, and some is left.
bool was_busy(const move_rate::look &from, const move_rate::look &to) {
  const auto moved = to.moved - from.moved;
  return from.is_claiming && to.is_claiming && from.waiting >= enough_to_do &&
         to.waiting >= enough_to_do && moved > 0 &&
         std::cmp_less_equal(moved, from.waiting);
}

} // namespace

void move_rate::note(const look &seen, time_point now) {
  const auto from = std::exchange(before_, seen);
  const auto begun = std::exchange(noted_at_, now);
  if (!std::exchange(has_note_, true) || !was_busy(from, seen) || now <= begun)
    return;
  const span fresh{.length = now - begun,
                   .moved = static_cast<double>(seen.moved - from.moved)};
  spans_.push_back(fresh);
  sum_.length += fresh.length;
  sum_.moved += fresh.moved;
  while (spans_.size() > 1 &&
         sum_.length - spans_.front().length >= remembered_work) {
    sum_.length -= spans_.front().length;
    sum_.moved -= spans_.front().moved;
    spans_.pop_front();
  }
}

double move_rate::per_minute() const {
  if (spans_.empty())
    return 0;
  const std::chrono::duration<double, std::ratio<60>> minutes = sum_.length;
  return sum_.moved / minutes.count();
}

} // namespace sluice::actors
