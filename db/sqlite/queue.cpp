#include "db/sqlite/queue.hpp"

#include <algorithm>

#include "db/model/lanes.hpp"
#include "db/sqlite/booking.hpp"
#include "db/sqlite/deliveries.hpp"
#include "db/sqlite/gate.hpp"
#include "db/sqlite/lane_walk.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

void claim_by_lane(connection &database, const claim_request &request,
                   timestamp now) {
  auto query = database.statement(sql::claim_of_lane);
  auto take = [&](int lane, int wanted) {
    query.bind(1, request.id).bind(2, request.node).bind(3, now);
    query.bind(4, std::int64_t{wanted}).bind(5, std::int64_t{lane});
    return query.run();
  };
  // Of the claim's own random bits.
  const auto lot = request.id.value().bytes().back() / 256.0;
  walk_lanes(database, now, request.limit, lot, take);
}

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
    claim_by_lane(database, request, now);
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
