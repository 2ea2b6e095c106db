#include "db/sqlite/queue.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "db/model/lanes.hpp"
#include "db/sqlite/booking.hpp"
#include "db/sqlite/deliveries.hpp"
#include "db/sqlite/gate.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

/// A claim on its way through the lanes.
class lane_walk {
public:
  lane_walk(connection &database, const claim_request &request, timestamp now)
      : request_(request), now_(now), left_(request.limit),
        take_(database.statement(sql::claim_of_lane)) {
    auto query = database.statement(sql::is_lane_busy);
    for (int lane = 0; lane < lane_count; ++lane) {
      busy_[lane] = query.bind(1, std::int64_t{lane}).bind(2, now).next() &&
                    query.number(0) != 0;
      query->reset();
    }
  }

  /// Through each lane that is busy, with a part kept for those behind it;
  /// then what was left over goes to those that have more.
  void run() {
    for (int lane = 0; lane < lane_count; ++lane)
      if (busy_[lane])
        take(lane, left_ - part_behind(lane));
    for (int lane = 0; lane < lane_count && left_ > 0; ++lane)
      if (busy_[lane])
        take(lane, left_);
  }

private:
  int part_behind(int lane) const {
    auto is_any_busy =
        std::any_of(busy_.begin() + lane + 1, busy_.end(), std::identity());
    return is_any_busy ? part_of_later_lanes(left_, lot()) : 0;
  }

  /// Of the claim's own random bits.
  double lot() const { return request_.id.value().bytes().back() / 256.0; }

  void take(int lane, int wanted) {
    if (wanted == 0)
      return;
    take_.bind(1, request_.id).bind(2, request_.node).bind(3, now_);
    take_.bind(4, std::int64_t{wanted}).bind(5, std::int64_t{lane});
    int taken = take_.run();
    left_ -= taken;
    busy_[lane] = taken == wanted;
  }

  const claim_request &request_;
  timestamp now_;
  int left_;
  statement_loan take_;
  /// Lanes that are likely to have more.
  std::array<bool, lane_count> busy_{};
};

void claim_of_owner(connection &database, const claim_request &request,
                    timestamp now) {
  auto take = database.statement(sql::claim_of_owner);
  take.bind(1, request.id).bind(2, request.node).bind(3, now);
  take.bind(4, std::int64_t{request.limit}).bind(5, *request.owner).run();
}

std::vector<claimed_item> claimed_items(connection &database, claim_id fence) {
  std::vector<claimed_item> items;
  auto rows = database.statement(sql::claimed_items);
  rows.bind(1, fence);
  while (rows.next())
    items.push_back({event_id(rows.id(0)), static_cast<int>(rows.number(1)),
                     organization_id(rows.id(2))});
  return items;
}

std::optional<std::chrono::microseconds> oldest_pending(connection &database,
                                                        timestamp now) {
  std::optional<std::chrono::microseconds> longest;
  auto oldest = database.statement(sql::oldest_due_of_lane);
  for (int lane = 0; lane < lane_count; ++lane) {
    if (oldest.bind(1, now).bind(2, std::int64_t{lane}).next())
      longest = std::max(longest, std::optional(now - oldest.time(0)));
    oldest->reset();
  }
  return longest;
}

long count_stuck(connection &database, const stuck_rule &rule, long limit,
                 timestamp now) {
  auto query = database.statement(sql::count_stuck);
  query.bind(1, now - rule.stuck_after).bind(2, now - rule.node_dead_after);
  query.bind(3, std::int64_t{std::min(limit, depth_looks_for_stuck)});
  return query.next() ? static_cast<long>(query.number(0)) : 0;
}

} // namespace

claim claim_items(connection &database, const claim_request &request,
                  timestamp now) {
  claim taken{request.id, {}, is_claiming_paused(database)};
  if (taken.is_paused || request.limit <= 0)
    return taken;
  if (request.owner)
    claim_of_owner(database, request, now);
  else
    lane_walk(database, request, now).run();
  taken.items = claimed_items(database, request.id);
  return taken;
}

fail_outcome fail_items(connection &database, claim_id fence,
                        std::span<const failure> failures, timestamp now) {
  auto retry = database.statement(sql::retry_item);
  auto quarantine = database.statement(sql::quarantine_item);
  fail_outcome outcome;
  for (const auto &failed : failures) {
    auto reason = one_line(failed.reason);
    auto &query = failed.retry_in ? retry : quarantine;
    query.bind(1, failed.id).bind(2, fence).bind(3, reason);
    if (failed.retry_in)
      query.bind(4, now + *failed.retry_in);
    auto &counter = failed.retry_in ? outcome.retried : outcome.quarantined;
    (query.run() > 0 ? counter : outcome.lost) += 1;
  }
  return outcome;
}

int release(connection &database, claim_id fence,
            std::span<const event_id> ids) {
  if (ids.empty())
    return database.statement(sql::release_claim).bind(1, fence).run();
  auto query = database.statement(sql::release_item);
  int released = 0;
  for (const auto &id : ids)
    released += query.bind(1, id).bind(2, fence).run();
  return released;
}

rescue_outcome rescue(connection &database, const rescue_request &request,
                      timestamp now) {
  auto query = database.statement(sql::rescue);
  query.bind(1, now - request.stuck.stuck_after);
  query.bind(2, now - request.stuck.node_dead_after);
  query.bind(3, request.max_attempts).bind(4, now);
  rescue_outcome outcome;
  while (query.next())
    (query.number(0) != 0 ? outcome.quarantined : outcome.rescued) += 1;
  return outcome;
}

queue_depth depth(connection &database, const depth_request &request,
                  timestamp now) {
  const auto limit = request.limit;
  queue_depth found;
  auto counts = database.statement(sql::count_by_status);
  counts.bind(1, std::int64_t{limit});
  for (auto *count : {&found.pending, &found.processing, &found.quarantined})
    if (counts.next())
      *count = static_cast<long>(counts.number(0));
  if (request.stuck)
    found.stuck = count_stuck(database, *request.stuck, limit, now);
  found.exact = found.pending < limit && found.processing < limit &&
                found.quarantined < limit;
  found.oldest_pending = oldest_pending(database, now);
  return found;
}

backlogs count_backlogs(connection &database, long limit) {
  backlogs counted;
  auto rows = database.statement(sql::count_backlogs);
  rows.bind(1, std::int64_t{limit});
  long sum = 0;
  while (rows.next()) {
    counted.found.push_back(
        {organization_id(rows.id(0)), static_cast<long>(rows.number(1))});
    sum += counted.found.back().pending;
  }
  counted.exact = sum < limit;
  return counted;
}

int enlist(connection &database, const node &self, timestamp now) {
  // One process owns the file, so every other life is over, whatever its
  // name was.
  database.statement(sql::forget_other_nodes).bind(1, self.id).run();
  database.statement(sql::enlist)
      .bind(1, self.id)
      .bind(2, self.name)
      .bind(3, self.version)
      .bind(4, now)
      .run();
  end_sending_of_others(database, self.id, now);
  return database.statement(sql::release_other_nodes).bind(1, self.id).run();
}

bool heartbeat(connection &database, node_id self, std::int64_t gate_version,
               timestamp now) {
  auto query = database.statement(sql::heartbeat);
  return query.bind(1, self).bind(2, now).bind(3, gate_version).run() > 0;
}

std::vector<node_view> nodes(connection &database, timestamp now) {
  std::vector<node_view> found;
  auto rows = database.statement(sql::nodes);
  while (rows.next())
    found.push_back({{node_id(rows.id(0)), rows.text(1), rows.text(2)},
                     rows.number(3),
                     now - rows.time(4)});
  return found;
}

int retire(connection &database, node_id self, timestamp now) {
  end_sending_of_node(database, self, now);
  database.statement(sql::forget_node).bind(1, self).run();
  return database.statement(sql::release_node).bind(1, self).run();
}

} // namespace sluice::db::sqlite
