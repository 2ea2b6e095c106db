#include "actors/delivery/endpoint_lane.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

double most_tokens(int rate) {
  constexpr double part_of_a_second = 0.1;
  return std::max(1.0, rate * part_of_a_second);
}

} // namespace

endpoint_lane::endpoint_lane(limits allowed, time_point now)
    : limits_(allowed), tokens_(most_tokens(allowed.rate)), filled_at_(now) {}

void endpoint_lane::set(limits allowed) {
  limits_ = allowed;
  tokens_ = std::min(tokens_, most_tokens(allowed.rate));
}

int endpoint_lane::room(time_point now) {
  if (now < held_until_)
    return 0;
  if (is_broken_)
    return now >= probe_at_ && in_flight_ == 0 ? 1 : 0;
  auto free = std::min(width_, limits_.max_in_flight) - in_flight_;
  if (limits_.rate > 0) {
    refill(now);
    free = std::min(free, static_cast<int>(tokens_));
  }
  return std::max(free, 0);
}

void endpoint_lane::begun(int count, time_point now) {
  refill(now);
  if (in_flight_ == 0)
    silent_since_ = now;
  in_flight_ += count;
  if (limits_.rate > 0)
    tokens_ -= count;
}

void endpoint_lane::ended(bool has_arrived, std::chrono::microseconds took,
                          time_point now) {
  returned();
  if (has_arrived)
    average_ = (7 * average_ + took) / 8;
  has_failed_ = !has_arrived;
  silent_since_ = now;
  if (is_broken_) {
    // What was in flight when it broke tells as much as a probe does.
    if (has_arrived) {
      is_broken_ = false;
      recent_.clear();
      width_ = 1;
      pause_ = first_pause;
    } else if (now >= probe_at_) {
      pause_ = std::min(2 * pause_, longest_pause);
      open(now);
    }
    return;
  }
  note(has_arrived);
  if (has_arrived) {
    width_ = std::min(2 * width_, std::max(limits_.max_in_flight, 1));
    return;
  }
  width_ = std::max(width_ / 2, 1);
  if (has_failed_too_often())
    open(now);
}

void endpoint_lane::returned() {
  in_flight_ = std::max(in_flight_ - 1, 0);
}

void endpoint_lane::hold(time_point until) {
  held_until_ = until;
}

bool endpoint_lane::is_proven(time_point now) const {
  const auto patience = std::clamp<std::chrono::microseconds>(
      times_of_average * average_, least_patience, most_patience);
  const bool is_silent = in_flight_ > 0 && now - silent_since_ >= patience;
  return !is_broken_ && !has_failed_ && !is_silent;
}

void endpoint_lane::refill(time_point now) {
  std::chrono::duration<double> passed = now - filled_at_;
  filled_at_ = now;
  if (limits_.rate > 0)
    tokens_ = std::min(most_tokens(limits_.rate),
                       tokens_ + passed.count() * limits_.rate);
}

void endpoint_lane::note(bool has_arrived) {
  recent_.push_back(has_arrived);
  if (recent_.size() > 2 * least_to_judge)
    recent_.pop_front();
}

bool endpoint_lane::has_failed_too_often() const {
  auto failed = std::count(recent_.begin(), recent_.end(), false);
  return recent_.size() >= least_to_judge &&
         static_cast<double>(failed) >=
             failures_to_open * static_cast<double>(recent_.size());
}

void endpoint_lane::open(time_point now) {
  is_broken_ = true;
  probe_at_ = now + pause_;
}

} // namespace sluice::actors
