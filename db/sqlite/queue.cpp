#include "db/sqlite/queue.hpp"

#include "db/sqlite/booking.hpp"
#include "db/sqlite/gate.hpp"
#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

claim claim_items(connection &database, const claim_request &request,
                  timestamp now) {
  claim taken{request.id, {}, is_claiming_paused(database)};
  if (taken.is_paused || request.limit < 1)
    return taken;
  auto query = database.statement(sql::claim);
  query.bind(1, request.id).bind(2, request.node).bind(3, now);
  query.bind(4, request.limit);
  while (query.next())
    taken.items.push_back(
        {event_id(query.id(0)), static_cast<int>(query.number(1))});
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
  query.bind(1, now - request.stuck_after);
  query.bind(2, now - request.node_dead_after);
  query.bind(3, request.max_attempts).bind(4, now);
  rescue_outcome outcome;
  while (query.next())
    (query.number(0) != 0 ? outcome.quarantined : outcome.rescued) += 1;
  return outcome;
}

queue_depth depth(connection &database, long limit, timestamp now) {
  queue_depth found;
  auto counts = database.statement(sql::count_by_status);
  counts.bind(1, std::int64_t{limit});
  for (auto *count : {&found.pending, &found.processing, &found.quarantined})
    if (counts.next())
      *count = static_cast<long>(counts.number(0));
  found.exact = found.pending < limit && found.processing < limit &&
                found.quarantined < limit;
  auto oldest = database.statement(sql::oldest_due);
  if (oldest.bind(1, now).next())
    found.oldest_pending = now - oldest.time(0);
  return found;
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

int retire(connection &database, node_id self) {
  database.statement(sql::forget_node).bind(1, self).run();
  return database.statement(sql::release_node).bind(1, self).run();
}

} // namespace sluice::db::sqlite
