#include "db/sqlite/reading.hpp"

#include <algorithm>

#include "db/sqlite/queries.hpp"

namespace sluice::db::sqlite {

namespace {

constexpr int longest_page = 1000;

std::optional<std::string> optional_text(statement_loan &query, int column) {
  if (query.is_null(column))
    return std::nullopt;
  return query.text(column);
}

event_view::place place_of(std::string_view status) {
  if (status == to_string(item_status::processing))
    return event_view::place::processing;
  if (status == to_string(item_status::quarantined))
    return event_view::place::quarantined;
  return event_view::place::queued;
}

delivery_status status_of(std::string_view text) {
  // A CHECK constraint keeps other texts out.
  return parse_delivery_status(text).value_or(delivery_status::pending);
}

std::optional<event_view> find_queued(connection &database,
                                      organization_id owner, event_id id) {
  auto query = database.statement(sql::find_queued);
  if (!query.bind(1, id).bind(2, owner).next())
    return std::nullopt;
  event_view found;
  found.where = place_of(query.text_view(0));
  found.id = id;
  found.type = query.text(1);
  found.payload = query.text(2);
  found.dedup_id = optional_text(query, 3);
  found.accepted_at = query.time(4);
  found.attempts = static_cast<int>(query.number(5));
  found.last_error = query.text(6);
  return found;
}

std::vector<delivery> deliveries_of(connection &database, organization_id owner,
                                    event_id id) {
  std::vector<delivery> found;
  auto query = database.statement(sql::deliveries_of);
  query.bind(1, id).bind(2, owner);
  while (query.next()) {
    auto &entry = found.emplace_back();
    entry.id = query.id(0);
    entry.endpoint = query.id(1);
    entry.status = status_of(query.text_view(2));
    entry.attempts = static_cast<int>(query.number(3));
    if (!query.is_null(4))
      entry.response_status = static_cast<int>(query.number(4));
    entry.last_error = query.text(5);
    entry.updated_at = query.time(6);
  }
  return found;
}

std::optional<event_view> find_stored(connection &database,
                                      organization_id owner, event_id id) {
  auto query = database.statement(sql::find_stored);
  if (!query.bind(1, id).bind(2, owner).next())
    return std::nullopt;
  event_view found;
  found.where = event_view::place::stored;
  found.id = id;
  found.type = query.text(0);
  found.payload = query.text(1);
  found.dedup_id = optional_text(query, 2);
  found.accepted_at = query.time(3);
  found.stored_at = query.time(4);
  found.deliveries = deliveries_of(database, owner, id);
  return found;
}

std::optional<event_view> find_discarded(connection &database,
                                         organization_id owner, event_id id) {
  auto query = database.statement(sql::find_discarded);
  if (!query.bind(1, id).bind(2, owner).next())
    return std::nullopt;
  event_view found;
  found.where = event_view::place::discarded;
  found.id = id;
  found.type = query.text(0);
  found.payload = query.text(1);
  found.dedup_id = optional_text(query, 2);
  found.accepted_at = query.time(3);
  found.last_error = query.text(4);
  return found;
}

} // namespace

std::optional<event_view> find_event(connection &database,
                                     organization_id owner, event_id id) {
  if (auto queued = find_queued(database, owner, id))
    return queued;
  if (auto stored = find_stored(database, owner, id))
    return stored;
  return find_discarded(database, owner, id);
}

std::vector<inbox_entry> inbox(connection &database, const inbox_query &query) {
  // Bound without a copy: it has to outlive the rows.
  auto status = std::string(query.status ? to_string(*query.status) : "");
  auto rows = database.statement(query.status ? sql::inbox_of_status
                                              : sql::inbox_of_all);
  rows.bind(1, query.organization);
  // Every id is behind the empty text.
  if (query.after)
    rows.bind(2, *query.after);
  else
    rows.bind(2, "");
  rows.bind(3, std::clamp(query.limit, 1, longest_page));
  rows.bind(4, std::max(query.offset, 0));
  if (query.status)
    rows.bind(5, status);
  std::vector<inbox_entry> page;
  while (rows.next()) {
    auto &entry = page.emplace_back();
    entry.position = rows.id(0);
    entry.id = event_id(rows.id(1));
    entry.type = rows.text(2);
    entry.payload = rows.text(3);
    entry.dedup_id = optional_text(rows, 4);
    entry.accepted_at = rows.time(5);
    entry.stored_at = rows.time(6);
    entry.status = status_of(rows.text_view(7));
    entry.attempts = static_cast<int>(rows.number(8));
  }
  return page;
}

std::vector<ack_outcome> acknowledge(connection &database,
                                     organization_id owner,
                                     std::span<const event_id> ids,
                                     timestamp now) {
  auto update = database.statement(sql::acknowledge);
  auto exists = database.statement(sql::is_in_inbox);
  auto owner_text = owner.to_string();
  std::vector<ack_outcome> outcomes;
  outcomes.reserve(ids.size());
  for (const auto &id : ids) {
    update.bind(1, id).bind(2, owner_text).bind(3, now);
    if (update.run() > 0) {
      outcomes.push_back(ack_outcome::acknowledged);
      continue;
    }
    exists.bind(1, id).bind(2, owner_text);
    bool is_there = exists.next() && exists.number(0) != 0;
    exists->reset();
    outcomes.push_back(is_there ? ack_outcome::already
                                : ack_outcome::not_found);
  }
  return outcomes;
}

} // namespace sluice::db::sqlite
