#include "actors/delivery/endpoint_book.hpp"

#include <algorithm>
#include <utility>

namespace sluice::actors {

namespace {

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
    if (auto room = std::min(one.lane.room(now), limit); room > 0)
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
  known->second.lane.begun(1, now);
  return true;
}

void endpoint_book::end(db::endpoint_id id, const verdict &found,
                        time_point now, db::timestamp wall,
                        std::chrono::milliseconds park_after) {
  using kind = db::endpoint_note::kind;
  auto known = lanes_.find(id);
  if (known == lanes_.end())
    return;
  auto &one = known->second;
  one.lane.ended(found.is_delivered(), now);
  auto &since = one.at.failing_since;
  if (found.is_delivered()) {
    if (std::exchange(since, std::nullopt))
      note(one, kind::well);
    return;
  }
  if (found.is_gone)
    return note(one, kind::park, "it answered 410: it is gone");
  if (!since) {
    since = wall;
    return note(one, kind::failing);
  }
  if (wall - *since >= park_after)
    note(one, kind::park,
         "nothing has arrived there since " + db::to_rfc3339(*since) +
             ", the last time: " + found.error);
}

void endpoint_book::give_back(db::endpoint_id id) {
  if (auto known = lanes_.find(id); known != lanes_.end())
    known->second.lane.returned();
}

std::optional<webhook_request>
endpoint_book::request(const db::claimed_delivery &one,
                       db::timestamp wall) const {
  auto known = lanes_.find(one.endpoint);
  if (known == lanes_.end())
    return std::nullopt;
  const auto &at = known->second.at;
  webhook_request out;
  out.url = at.url;
  out.headers = at.headers;
  out.id = one.event.to_string();
  out.type = one.type;
  out.payload = one.payload;
  out.accepted_at = one.accepted_at;
  for (const auto &secret : at.secrets)
    if (!secret.expires_at || *secret.expires_at > wall)
      out.secrets.push_back(secret.sealed);
  return out;
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
