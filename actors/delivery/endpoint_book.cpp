#include "actors/delivery/endpoint_book.hpp"

#include <algorithm>
#include <utility>

namespace sluice::actors {

namespace {

// Before an endpoint that found no place asks again.
constexpr std::chrono::milliseconds wait_for_place{1'000};

endpoint_lane::limits limits_of(const db::endpoint &one) {
  return {.max_in_flight = one.max_in_flight, .rate = one.rate_per_second};
}

} // namespace

void endpoint_book::set(std::vector<db::endpoint> active, time_point now) {
  for (auto &[id, known] : lanes_)
    known.is_active = false;
  for (auto &one : active) {
    const auto id = one.id;
    auto known = lanes_.find(id);
    if (known == lanes_.end()) {
      endpoint_lane lane(limits_of(one), now);
      lanes_.emplace(id, entry{.at = std::move(one), .lane = lane});
      continue;
    }
    known->second.is_active = true;
    known->second.lane.set(limits_of(one));
    known->second.at = std::move(one);
  }
  // What is in flight still comes back.
  std::erase_if(lanes_, [](const auto &known) {
    return !known.second.is_active && known.second.lane.in_flight() == 0;
  });
}

int endpoint_book::room(int most, time_point now) {
  const auto ordinary = most - most / 4;
  most_unproven_ = std::max(ordinary / 2, 1);
  unproven_ = 0;
  int all = 0;
  for (const auto &[id, one] : lanes_) {
    all += one.lane.in_flight();
    if (!one.lane.is_proven(now))
      unproven_ += one.lane.in_flight();
  }
  const auto made_up_for = std::max(unproven_ - most_unproven_, 0);
  return std::max(std::min(ordinary - all + made_up_for, most - all), 0);
}

std::vector<db::delivery_share> endpoint_book::shares(int limit,
                                                      time_point now) {
  std::vector<db::delivery_share> out;
  if (lanes_.empty())
    return out;
  auto at = next_ ? lanes_.lower_bound(*next_) : lanes_.begin();
  for (std::size_t seen = 0; seen < lanes_.size(); ++seen, ++at) {
    if (at == lanes_.end())
      at = lanes_.begin();
    auto &[id, one] = *at;
    if (!one.is_active || one.is_parked)
      continue;
    if (unproven_ >= most_unproven_ && !one.lane.is_proven(now))
      continue;
    const auto room = std::min(one.lane.room(now), limit);
    if (room > 0)
      out.push_back({.endpoint = id, .limit = room});
  }
  // The first one is the second next time.
  if (!out.empty()) {
    auto first = lanes_.upper_bound(out.front().endpoint);
    next_ = first == lanes_.end() ? lanes_.begin()->first : first->first;
  }
  return out;
}

bool endpoint_book::begin(const db::claimed_delivery &one, time_point now) {
  auto known = lanes_.find(one.endpoint);
  if (known == lanes_.end() || !known->second.is_active)
    return false;
  auto &lane = known->second.lane;
  if (!lane.is_proven(now)) {
    if (unproven_ >= most_unproven_) {
      lane.hold(now + wait_for_place);
      return false;
    }
    ++unproven_;
  }
  lane.begun(1, now);
  return true;
}

void endpoint_book::end(db::endpoint_id id, const verdict &found,
                        const attempt_times &times,
                        std::chrono::milliseconds park_after) {
  using kind = db::endpoint_note::kind;
  auto known = lanes_.find(id);
  if (known == lanes_.end())
    return;
  auto &one = known->second;
  one.lane.ended(found.is_delivered(), times.took, times.now);
  auto &since = one.at.failing_since;
  if (found.is_delivered()) {
    if (std::exchange(since, std::nullopt))
      note(one, kind::well);
    return;
  }
  if (found.is_gone)
    return note(one, kind::park, "it answered 410: it is gone");
  if (!since) {
    since = times.wall;
    return note(one, kind::failing);
  }
  if (times.wall - *since >= park_after)
    note(one, kind::park,
         "nothing has arrived there since " + db::to_rfc3339(*since) +
             ", the last time: " + found.error);
}

std::optional<webhook_request>
endpoint_book::request(const db::claimed_delivery &one,
                       db::timestamp wall) const {
  auto known = lanes_.find(one.endpoint);
  if (known == lanes_.end())
    return std::nullopt;
  return webhook_to(known->second.at, one, wall);
}

int endpoint_book::in_flight(db::endpoint_id id) const {
  const auto known = lanes_.find(id);
  return known == lanes_.end() ? 0 : known->second.lane.in_flight();
}

std::vector<db::endpoint_note> endpoint_book::take_notes() {
  return std::exchange(notes_, {});
}

void endpoint_book::put_back(std::vector<db::endpoint_note> notes) {
  notes_.insert(notes_.begin(), std::make_move_iterator(notes.begin()),
                std::make_move_iterator(notes.end()));
}

void endpoint_book::note(entry &one, db::endpoint_note::kind what,
                         std::string reason) {
  if (what == db::endpoint_note::kind::park &&
      std::exchange(one.is_parked, true))
    return;
  notes_.push_back({.endpoint = one.at.id,
                    .organization = one.at.organization,
                    .what = what,
                    .reason = std::move(reason)});
}

} // namespace sluice::actors
