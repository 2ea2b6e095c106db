#include <set>

#include "db/postgres/encoding.hpp"
#include "db/postgres/postgres_store.hpp"
#include "db/postgres/queries.hpp"

namespace sluice::db::postgres {

namespace {

std::optional<std::string> optional_text(const pqxx::field &field) {
  if (field.is_null())
    return std::nullopt;
  return field.as<std::string>();
}

delivery_status read_delivery_status(const pqxx::field &field) {
  auto status = parse_delivery_status(field.c_str());
  if (!status)
    throw std::runtime_error("unknown delivery status");
  return *status;
}

event_view::place read_place(std::string_view name) {
  using place = event_view::place;
  if (name == "stored")
    return place::stored;
  if (name == "discarded")
    return place::discarded;
  if (name == "processing")
    return place::processing;
  if (name == "quarantined")
    return place::quarantined;
  return place::queued;
}

event_view read_event(const pqxx::row &row, event_id id) {
  event_view view;
  view.where = read_place(row["place"].c_str());
  view.id = id;
  view.type = row["type"].as<std::string>();
  view.payload = row["payload"].as<std::string>();
  view.dedup_id = optional_text(row["dedup_id"]);
  view.accepted_at = read_time(row["at"].c_str());
  if (!row["stored_at"].is_null())
    view.stored_at = read_time(row["stored_at"].c_str());
  view.attempts = row["attempts"].as<int>();
  view.last_error = row["last_error"].as<std::string>("");
  return view;
}

delivery read_delivery(const pqxx::row &row) {
  delivery seen;
  seen.id = read_uuid(row["delivery"].c_str());
  seen.endpoint = read_uuid(row["endpoint"].c_str());
  seen.status = read_delivery_status(row["place"]);
  seen.attempts = row["attempts"].as<int>();
  if (!row["response_status"].is_null())
    seen.response_status = row["response_status"].as<int>();
  seen.last_error = row["last_error"].as<std::string>("");
  seen.updated_at = read_time(row["at"].c_str());
  return seen;
}

inbox_entry read_inbox_entry(const pqxx::row &row) {
  inbox_entry entry;
  entry.position = read_uuid(row[0].c_str());
  entry.id = event_id(read_uuid(row[1].c_str()));
  entry.type = row[2].as<std::string>();
  entry.payload = row[3].as<std::string>();
  entry.dedup_id = optional_text(row[4]);
  entry.accepted_at = read_time(row[5].c_str());
  entry.stored_at = read_time(row[6].c_str());
  entry.status = read_delivery_status(row[7]);
  entry.attempts = row[8].as<int>();
  return entry;
}

} // namespace

result<std::optional<event_view>>
postgres_store::find_event(organization_id owner, event_id id) {
  std::optional<event_view> view;
  auto done =
      session_->look("find event", [&](pqxx::nontransaction &transaction) {
        auto rows = transaction.exec_params(sql::find_event, owner.to_string(),
                                            id.to_string());
        for (const auto &row : rows) {
          if (row["part"].as<int>() == 0)
            view = read_event(row, id);
          else if (view)
            view->deliveries.push_back(read_delivery(row));
        }
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return view;
}

result<std::vector<inbox_entry>>
postgres_store::inbox(const inbox_query &query) {
  std::vector<inbox_entry> page;
  auto done = session_->look("inbox", [&](pqxx::nontransaction &transaction) {
    std::optional<std::string> status;
    if (query.status)
      status = to_string(*query.status);
    std::optional<std::string> after;
    if (query.after)
      after = query.after->to_string();
    auto rows =
        transaction.exec_params(sql::inbox, query.organization.to_string(),
                                status, after, query.offset, query.limit);
    for (const auto &row : rows)
      page.push_back(read_inbox_entry(row));
  });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  return page;
}

result<std::vector<ack_outcome>>
postgres_store::acknowledge(organization_id owner,
                            std::span<const event_id> ids) {
  std::vector<ack_outcome> outcomes;
  if (ids.empty())
    return outcomes;
  std::set<uuid> fresh;
  std::set<uuid> known;
  auto done = session_->write(
      "acknowledge", [] { return doubt(); },
      [&](pqxx::nontransaction &transaction) {
        auto rows = transaction.exec_params(sql::acknowledge, owner.to_string(),
                                            array_of(ids), session_->now());
        for (const auto &row : rows)
          (row[1].as<bool>() ? fresh : known).insert(read_uuid(row[0].c_str()));
      });
  if (!done)
    return tl::unexpected(std::move(done.error()));
  for (const auto &id : ids) {
    // Taken out, so that an id that is named again was delivered before.
    if (fresh.erase(id.value()) > 0)
      outcomes.push_back(ack_outcome::acknowledged);
    else
      outcomes.push_back(known.contains(id.value()) ? ack_outcome::already
                                                    : ack_outcome::not_found);
  }
  return outcomes;
}

} // namespace sluice::db::postgres
