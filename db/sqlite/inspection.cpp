#include "db/sqlite/inspection.hpp"

#include <algorithm>
#include <limits>

namespace sluice::db::sqlite {

namespace {

// ?1: ids behind it; ?2: accepted before; ?3: the organization, or null; ?4:
// the limit. Few items are processing or in quarantine: their own index finds
// them, where the planner would walk through all in the order of ids.
#define SLUICE_LISTED_ITEMS(index, condition)                                  \
  "SELECT id, organization_id, type, status, attempts, last_error,"            \
  " inserted_at, not_before, claimed_by, processing_started_at"                \
  " FROM event_queue" index " WHERE " condition                                \
  " id > ?1 AND inserted_at < ?2"                                              \
  " AND (?3 IS NULL OR organization_id = ?3) ORDER BY id LIMIT ?4"

constexpr char items_of_all[] = SLUICE_LISTED_ITEMS("", "");
constexpr char items_pending[] =
    SLUICE_LISTED_ITEMS("", "status = 'pending' AND");
constexpr char items_processing[] = SLUICE_LISTED_ITEMS(
    " INDEXED BY event_queue_processing", "status = 'processing' AND");
constexpr char items_quarantined[] = SLUICE_LISTED_ITEMS(
    " INDEXED BY event_queue_quarantined", "status = 'quarantined' AND");

#undef SLUICE_LISTED_ITEMS

constexpr char newest_audit_records[] =
    "SELECT seq, at, actor, action, target, reason, detail FROM audit_log"
    " WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";

constexpr int longest_list = 1000;

const char *statement_for(const std::optional<item_status> &status) {
  if (!status)
    return items_of_all;
  switch (*status) {
  case item_status::pending:
    return items_pending;
  case item_status::processing:
    return items_processing;
  case item_status::quarantined:
    return items_quarantined;
  }
  return items_of_all;
}

item_view read_item(statement_loan &row) {
  item_view item;
  item.id = event_id(row.id(0));
  item.organization = organization_id(row.id(1));
  item.type = row.text(2);
  // A CHECK constraint keeps other texts out.
  item.status =
      parse_item_status(row.text_view(3)).value_or(item_status::pending);
  item.attempts = static_cast<int>(row.number(4));
  item.last_error = row.text(5);
  item.accepted_at = row.time(6);
  item.due_at = row.time(7);
  item.claimed_by = row.text(8);
  if (!row.is_null(9))
    item.claimed_at = row.time(9);
  return item;
}

} // namespace

std::vector<item_view> list_items(connection &database,
                                  const item_query &query) {
  auto rows = database.statement(statement_for(query.status));
  // Every id is behind the empty text.
  if (query.after)
    rows.bind(1, *query.after);
  else
    rows.bind(1, "");
  rows.bind(2, query.accepted_before
                   ? query.accepted_before->time_since_epoch().count()
                   : std::numeric_limits<std::int64_t>::max());
  if (query.organization)
    rows.bind(3, *query.organization);
  else
    rows.bind_null(3);
  rows.bind(4, std::clamp(query.limit, 1, longest_list));
  std::vector<item_view> found;
  while (rows.next())
    found.push_back(read_item(rows));
  return found;
}

std::vector<audit_record> list_audit(connection &database,
                                     const audit_query &query) {
  auto rows = database.statement(newest_audit_records);
  rows.bind(1, query.before.value_or(std::numeric_limits<std::int64_t>::max()));
  rows.bind(2, std::clamp(query.limit, 1, longest_list));
  std::vector<audit_record> found;
  while (rows.next()) {
    auto &entry = found.emplace_back();
    entry.position = rows.number(0);
    entry.at = rows.time(1);
    entry.actor = rows.text(2);
    entry.action = rows.text(3);
    entry.target = rows.text(4);
    entry.reason = rows.text(5);
    entry.detail = rows.text(6);
  }
  return found;
}

} // namespace sluice::db::sqlite
