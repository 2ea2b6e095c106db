#include "actors/drill/faults.hpp"

#include <algorithm>
#include <utility>

namespace sluice::actors {

void drill_faults::cut_off(milliseconds span) {
  cut_off_until_ = (clock::now() + span).time_since_epoch().count();
}

bool drill_faults::is_cut_off() const {
  const auto until = cut_off_until_.load(std::memory_order_relaxed);
  return until != 0 && clock::now().time_since_epoch().count() < until;
}

void drill_faults::poison(const std::set<db::event_id> &ids,
                          milliseconds span) {
  std::unique_lock none_moves(moves_);
  std::lock_guard guard(mutex_);
  poisoned_.clear();
  poisoned_claims_.clear();
  for (const auto &id : ids)
    poisoned_.emplace(id, 0);
  poisoned_until_ = clock::now() + span;
  has_others_ = true;
}

int drill_faults::refusals(db::event_id id) const {
  std::lock_guard guard(mutex_);
  const auto found = poisoned_.find(id);
  return found == poisoned_.end() ? 0 : found->second;
}

void drill_faults::strand(drill_ghost ghost, milliseconds span) {
  std::unique_lock none_moves(moves_);
  std::lock_guard guard(mutex_);
  ghost_ = ghost;
  ghost_until_ = clock::now() + span;
  stranded_ = 0;
  has_others_ = true;
}

int drill_faults::stranded() const {
  std::lock_guard guard(mutex_);
  return stranded_;
}

void drill_faults::keep_from_answering(std::string url, milliseconds span) {
  std::lock_guard guard(mutex_);
  mute_url_ = std::move(url);
  mute_until_ = clock::now() + span;
  most_waiting_ = 0;
  has_others_ = true;
}

int drill_faults::most_waiting() const {
  std::lock_guard guard(mutex_);
  return most_waiting_;
}

bool drill_faults::keep_waiting(const std::string &url,
                                std::function<void()> answer) {
  if (!has_others_)
    return false;
  std::lock_guard guard(mutex_);
  if (!is_on(mute_until_) || url != mute_url_)
    return false;
  waiting_.push_back(std::move(answer));
  most_waiting_ = std::max(most_waiting_, static_cast<int>(waiting_.size()));
  return true;
}

void drill_faults::clear() {
  std::vector<std::function<void()>> waiting;
  {
    std::lock_guard guard(mutex_);
    cut_off_until_ = 0;
    poisoned_until_ = {};
    poisoned_claims_.clear();
    ghost_until_ = {};
    mute_until_ = {};
    waiting = std::exchange(waiting_, {});
    has_others_ = false;
  }
  for (const auto &answer : waiting)
    answer();
}

std::optional<std::shared_lock<std::shared_mutex>> drill_faults::may_move() {
  std::shared_lock leave(moves_);
  if (!has_others_)
    return leave;
  std::lock_guard guard(mutex_);
  if (is_on(poisoned_until_) || is_on(ghost_until_))
    return std::nullopt;
  return leave;
}

std::optional<drill_ghost> drill_faults::ghost() const {
  if (!has_others_)
    return std::nullopt;
  std::lock_guard guard(mutex_);
  return is_on(ghost_until_) ? std::optional(ghost_) : std::nullopt;
}

void drill_faults::note_stranded(std::size_t count) {
  std::lock_guard guard(mutex_);
  stranded_ += static_cast<int>(count);
}

void drill_faults::note_claim(const db::claim &taken) {
  if (!has_others_)
    return;
  std::lock_guard guard(mutex_);
  if (is_on(poisoned_until_) &&
      std::ranges::any_of(taken.items, [this](const auto &item) {
        return poisoned_.contains(item.id);
      }))
    poisoned_claims_.insert(taken.id);
}

bool drill_faults::has_poison(db::claim_id fence) const {
  if (!has_others_)
    return false;
  std::lock_guard guard(mutex_);
  return is_on(poisoned_until_) && poisoned_claims_.contains(fence);
}

bool drill_faults::refuse(db::event_id id) {
  if (!has_others_)
    return false;
  std::lock_guard guard(mutex_);
  const auto found = poisoned_.find(id);
  if (!is_on(poisoned_until_) || found == poisoned_.end())
    return false;
  ++found->second;
  return true;
}

} // namespace sluice::actors
