#include "db/sqlite/assessment.hpp"

#include <algorithm>
#include <string>

#include "db/model/ledger_rests.hpp"
#include "db/sqlite/booking.hpp"
#include "db/sqlite/gate.hpp"
#include "db/sqlite/housekeeping.hpp"
#include "db/sqlite/inspection.hpp"
#include "db/sqlite/ledger.hpp"
#include "db/sqlite/moving_queries.hpp"
#include "db/sqlite/queries.hpp"
#include "db/sqlite/queue.hpp"

namespace sluice::db::sqlite {

namespace {

// As `rescue` has it. ?1: claimed before; ?2: heartbeat since; ?3: items that
// are looked at.
#define SLUICE_LOOKED_AT                                                       \
  " (SELECT id, organization_id, type, status, attempts, last_error,"          \
  "  inserted_at, not_before, claimed_by, processing_started_at"               \
  "  FROM event_queue INDEXED BY event_queue_processing"                       \
  "  WHERE status = 'processing' LIMIT ?3) q"
#define SLUICE_IS_STUCK                                                        \
  " (q.processing_started_at < ?1 OR q.processing_started_at IS NULL"          \
  " OR q.claimed_by IS NULL OR q.claimed_by NOT IN"                            \
  "  (SELECT id FROM nodes WHERE heartbeat_at >= ?2))"

constexpr char stuck_holders[] =
    "SELECT coalesce(q.claimed_by, ''), coalesce(n.name, ''), count(*),"
    " min(q.processing_started_at), sum(q.attempts + 1 >= ?4)"
    " FROM" SLUICE_LOOKED_AT " LEFT JOIN nodes n ON n.id = q.claimed_by"
    " WHERE" SLUICE_IS_STUCK " GROUP BY 1, 2"
    " ORDER BY min(q.processing_started_at)";
constexpr char stuck_items[] =
    "SELECT q.id, q.organization_id, q.type, q.status, q.attempts,"
    " q.last_error, q.inserted_at, q.not_before, q.claimed_by,"
    " q.processing_started_at FROM" SLUICE_LOOKED_AT " WHERE" SLUICE_IS_STUCK
    " ORDER BY q.processing_started_at, q.id LIMIT ?4";

#undef SLUICE_LOOKED_AT
#undef SLUICE_IS_STUCK

// ?1: now; ?2: items that are looked at; ?3: errors that are named.
#define SLUICE_ERRORS_OF(items)                                                \
  "SELECT last_error, count(*), max(id), sum(count(*)) OVER ()"                \
  " FROM (SELECT coalesce(last_error, '') AS last_error, id"                   \
  "  FROM event_queue INDEXED BY " items " LIMIT ?2)"                          \
  " GROUP BY last_error ORDER BY 2 DESC, 1 LIMIT ?3"

constexpr char errors_of_quarantined[] = SLUICE_ERRORS_OF(
    "event_queue_quarantined WHERE status = 'quarantined' AND ?1 IS NOT NULL");
constexpr char errors_of_retrying[] = SLUICE_ERRORS_OF(
    "event_queue_pending WHERE status = 'pending' AND lane IN (0, 1, 2, 3)"
    " AND not_before > ?1");

#undef SLUICE_ERRORS_OF

constexpr char newest_entries[] =
    "SELECT at, kind, count FROM ledger ORDER BY seq DESC LIMIT ?1";
constexpr char doubled_items[] =
    "SELECT q.id, q.organization_id, q.status,"
    " q.type = e.type AND q.payload = e.payload FROM event_queue q"
    " JOIN events e ON e.organization_id = q.organization_id AND e.id = q.id"
    " ORDER BY q.id";
constexpr char take_from_queue[] =
    "DELETE FROM event_queue WHERE id = ?1 AND organization_id = ?2"
    " AND EXISTS (SELECT 1 FROM events e WHERE e.organization_id = ?2"
    "  AND e.id = ?1 AND e.type = event_queue.type"
    "  AND e.payload = event_queue.payload)"
    " RETURNING status = 'quarantined'";

constexpr long counted_at_most = 1'000'000;

/// Binds the first three parameters of the statements about stuck items.
void bind_rule(statement_loan &query, const stuck_rule &rule, timestamp now) {
  query.bind(1, now - rule.stuck_after).bind(2, now - rule.node_dead_after);
  query.bind(3, std::int64_t{depth_looks_for_stuck});
}

void look_at_stuck(connection &database, const assess_request &request,
                   assessment &found) {
  auto holders = database.statement(stuck_holders);
  bind_rule(holders, request.stuck, found.at);
  holders.bind(4, std::int64_t{request.max_attempts});
  while (holders.next()) {
    found.exhausted += static_cast<long>(holders.number(4));
    if (found.holders.size() >= static_cast<std::size_t>(request.most))
      continue;
    auto &one = found.holders.emplace_back();
    one.claimed_by = holders.text(0);
    one.name = holders.text(1);
    one.count = static_cast<long>(holders.number(2));
    if (!holders.is_null(3))
      one.since = holders.time(3);
  }
  auto items = database.statement(stuck_items);
  bind_rule(items, request.stuck, found.at);
  items.bind(4, std::int64_t{request.most});
  while (items.next())
    found.stuck.push_back(read_item(items));
}

error_counts count_errors(connection &database, const char *sql, int most,
                          timestamp now) {
  error_counts found;
  auto rows = database.statement(sql);
  rows.bind(1, now).bind(2, std::int64_t{assess_counts_errors_of});
  rows.bind(3, std::int64_t{most});
  while (rows.next()) {
    found.items = static_cast<long>(rows.number(3));
    found.most.push_back({rows.text(0), static_cast<long>(rows.number(1)),
                          event_id(rows.id(2))});
  }
  found.is_exact = found.items < assess_counts_errors_of;
  return found;
}

arrivals count_arrivals(connection &database, timestamp now) {
  arrivals found;
  auto hour_ago = now - std::chrono::hours(1);
  auto minute_ago = now - std::chrono::minutes(1);
  auto rows = database.statement(newest_entries);
  rows.bind(1, std::int64_t{assess_looks_at_entries});
  long seen = 0;
  for (; rows.next(); ++seen) {
    auto at = rows.time(0);
    if (at < hour_ago && found.newest)
      return found;
    if (rows.text_view(1) != "stored" && rows.text_view(1) != "created")
      continue;
    found.newest = std::max(found.newest, std::optional(at));
    found.last_hour += at >= hour_ago ? rows.number(2) : 0;
    found.last_minute += at >= minute_ago ? rows.number(2) : 0;
  }
  found.is_exact = seen < assess_looks_at_entries;
  return found;
}

void look_at_doubled(connection &database, int most, assessment &found) {
  std::int64_t count = 0;
  auto rows = database.statement(doubled_items);
  while (rows.next()) {
    if (++count > most)
      continue;
    auto &one = found.doubled.emplace_back();
    one.id = event_id(rows.id(0));
    one.organization = organization_id(rows.id(1));
    one.status = parse_item_status(rows.text_view(2)).value_or(one.status);
    one.is_same = rows.number(3) != 0;
  }
  found.doubled_count = count;
}

/// Whether any id is in two places.
bool check_books(connection &database, const assess_request &request,
                 assessment &found) {
  auto compared =
      compare_ledger(database, found.at, ledger_rests::within(request.limit));
  found.books = compared.report(request.most_faults);
  return std::ranges::any_of(compared.differences,
                             [](const ledger_difference &one) {
                               return one.what() == ledger_fault::kind::doubled;
                             });
}

} // namespace

assessment assess(connection &database, const assess_request &request,
                  timestamp now) {
  assessment found;
  found.at = now;
  found.depth =
      depth(database, {.limit = counted_at_most, .stuck = request.stuck}, now);
  look_at_stuck(database, request, found);
  found.stored = count_arrivals(database, now);
  found.retrying =
      count_errors(database, errors_of_retrying, request.most, now);
  found.quarantined =
      count_errors(database, errors_of_quarantined, request.most, now);
  found.gate = read_gate(database, now);
  found.nodes = nodes(database, now);
  found.verdict = last_verdict(database, now);
  // Books that were compared tell whether there is something to look for.
  const bool may_be_doubled =
      !request.checks_books || check_books(database, request, found);
  if (request.looks_for_doubled && may_be_doubled)
    look_at_doubled(database, request.most_faults, found);
  else if (request.looks_for_doubled)
    found.doubled_count = 0;
  return found;
}

recovery_outcome recover(connection &database, const recovery_order &order,
                         timestamp now) {
  recovery_outcome done;
  ledger_entries waiting(database, "undoubled", now);
  ledger_entries quarantined(database, "undoubled_quarantined", now);
  std::string ids;
  auto take = database.statement(take_from_queue);
  auto deliver = database.statement(sql::complete_deliveries);
  for (const auto &item : order.doubled) {
    take.bind(1, item.id).bind(2, item.organization);
    if (take.next()) {
      auto &entries = take.number(0) != 0 ? quarantined : waiting;
      entries.add(item.organization);
      ids += ' ';
      item.id.value().append_to(ids);
      ++done.unqueued;
      deliver.bind(1, now).bind(2, item.organization).bind(3, item.id).run();
    }
    take->reset();
  }
  waiting.write();
  quarantined.write();
  auto rescued = rescue(database, order.rescue, now);
  done.rescued = rescued.rescued;
  done.quarantined = rescued.quarantined;
  if (done.changed() > 0)
    audit(database,
          {order.actor, "recover", describe(done), order.reason,
           ids.empty() ? ids : ids.substr(1)},
          now);
  return done;
}

} // namespace sluice::db::sqlite
