#include "db/sqlite/inspection.hpp"

#include <algorithm>
#include <limits>

#include "db/sqlite/booking.hpp"

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

// ?5: the one id.
constexpr char item_of_id[] = SLUICE_LISTED_ITEMS("", "id = ?5 AND");

#undef SLUICE_LISTED_ITEMS

// ?1: the id; ?2: whether the payload is wanted.
#define SLUICE_PAYLOAD                                                         \
  ", dedup_id, length(CAST(payload AS BLOB)), CASE WHEN ?2 THEN payload END"

constexpr char queued_record[] =
    "SELECT id, organization_id, type, status, attempts, last_error,"
    " inserted_at, not_before, claimed_by, processing_started_at" SLUICE_PAYLOAD
    ", (SELECT name FROM nodes WHERE nodes.id = claimed_by)"
    " FROM event_queue WHERE id = ?1";
// The primary key begins with the organization: one look-up for each that has
// events, not one at every event.
constexpr char stored_records[] =
    "WITH RECURSIVE owners (id) AS ("
    " SELECT min(organization_id) FROM events UNION ALL"
    " SELECT (SELECT min(organization_id) FROM events"
    "  WHERE organization_id > owners.id) FROM owners"
    " WHERE owners.id IS NOT NULL)"
    " SELECT e.id, e.organization_id, e.type, 'pending', 0, NULL,"
    " e.accepted_at, e.accepted_at, NULL, NULL" SLUICE_PAYLOAD
    ", e.inserted_at FROM owners CROSS JOIN events e"
    " ON e.organization_id = owners.id AND e.id = ?1";
constexpr char discarded_record[] =
    "SELECT id, organization_id, type, 'pending', 0, NULL,"
    " accepted_at, accepted_at, NULL, NULL" SLUICE_PAYLOAD
    ", discarded_at, discarded_by, reason FROM discarded WHERE id = ?1";

#undef SLUICE_PAYLOAD

constexpr char outcome_of_act[] =
    "UPDATE audit_log SET detail = ?2 WHERE seq = ?1";
constexpr char newest_act[] = "SELECT max(seq) FROM audit_log";

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

event_view::place place_of(item_status status) {
  switch (status) {
  case item_status::pending:
    return event_view::place::queued;
  case item_status::processing:
    return event_view::place::processing;
  case item_status::quarantined:
    return event_view::place::quarantined;
  }
  return event_view::place::queued;
}

/// The columns that all places have.
item_record read_record(statement_loan &row) {
  item_record found;
  found.item = read_item(row);
  if (!row.is_null(10))
    found.dedup_id = row.text(10);
  found.payload_bytes = row.number(11);
  if (!row.is_null(12))
    found.payload = row.text(12);
  return found;
}

void bind_query(statement_loan &rows, const item_query &query) {
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
}

std::vector<item_view> list_named(connection &database,
                                  const item_query &query) {
  auto ids = query.only;
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<item_view> found;
  auto row = database.statement(item_of_id);
  const auto most = static_cast<std::size_t>(std::max(query.limit, 1));
  for (const auto &id : ids) {
    bind_query(row, query);
    row.bind(5, id);
    if (row.next() && found.size() < most) {
      auto item = read_item(row);
      if (!query.status || item.status == *query.status)
        found.push_back(std::move(item));
    }
    row->reset();
  }
  return found;
}

} // namespace

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

std::vector<item_view> list_items(connection &database,
                                  const item_query &query) {
  if (!query.only.empty())
    return list_named(database, query);
  auto rows = database.statement(statement_for(query.status));
  bind_query(rows, query);
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

std::vector<item_record> find_item(connection &database, event_id id,
                                   bool with_payload) {
  std::vector<item_record> found;
  const auto wanted = std::int64_t{with_payload ? 1 : 0};
  auto queued = database.statement(queued_record);
  if (queued.bind(1, id).bind(2, wanted).next()) {
    auto &one = found.emplace_back(read_record(queued));
    one.where = place_of(one.item.status);
    one.holder = queued.text(13);
  }
  auto stored = database.statement(stored_records);
  stored.bind(1, id).bind(2, wanted);
  while (stored.next()) {
    auto &one = found.emplace_back(read_record(stored));
    one.where = event_view::place::stored;
    one.stored_at = stored.time(13);
  }
  auto discarded = database.statement(discarded_record);
  if (discarded.bind(1, id).bind(2, wanted).next()) {
    auto &one = found.emplace_back(read_record(discarded));
    one.where = event_view::place::discarded;
    one.discarded_at = discarded.time(13);
    one.discarded_by = discarded.text(14);
    one.reason = discarded.text(15);
  }
  return found;
}

std::int64_t note_act(connection &database, const act_note &note,
                      timestamp now) {
  audit(database, {note.actor, note.action, note.target, note.reason, {}}, now);
  auto newest = database.statement(newest_act);
  return newest.next() ? newest.number(0) : 0;
}

void note_outcome(connection &database, std::int64_t position,
                  std::string_view outcome) {
  auto line = one_line(outcome);
  database.statement(outcome_of_act).bind(1, position).bind(2, line).run();
}

} // namespace sluice::db::sqlite
