#include "http/in/routes/inspection.hpp"

#include <limits>
#include <utility>

#include "http/in/refusals.hpp"
#include "http/in/routes/endpoint_fields.hpp"
#include "http/in/routes/event_deliveries.hpp"
#include "http/in/routes/query.hpp"

namespace sluice::http {

namespace {

constexpr int longest_list = 1000;
constexpr int usual_list = 50;

template <class Id>
std::optional<Id> read_id(query_reader &reader, std::string_view name) {
  const auto text = reader.find(name);
  if (!text)
    return std::nullopt;
  auto id = Id::parse(*text);
  if (!id)
    reader.fault(name, "has to be a UUID");
  return id;
}

db::item_query read_item_query(query_reader &reader) {
  db::item_query out;
  out.limit = reader.integer("limit", 1, longest_list, usual_list);
  out.organization = read_id<db::organization_id>(reader, "organization_id");
  out.after = read_id<db::event_id>(reader, "after");
  if (const auto status = reader.find("status")) {
    out.status = db::parse_item_status(*status);
    if (!out.status)
      reader.fault("status", "has to be pending, processing or quarantined");
  }
  if (reader.find("older_than"))
    out.accepted_before =
        db::system_now() -
        std::chrono::seconds(reader.integer(
            "older_than", 0, std::numeric_limits<int>::max(), 0));
  return out;
}

/// A place where an event is, and, in the log, what became of it at its
/// endpoints.
struct seen_place {
  db::item_record record;
  seen_event seen;
};

db::result<std::vector<seen_place>>
find_everywhere(db::store &session, db::event_id id, bool with_payload) {
  auto places = session.find_item(id, with_payload);
  if (!places)
    return tl::unexpected(std::move(places.error()));
  std::vector<seen_place> out;
  for (auto &place : *places) {
    auto &one = out.emplace_back(seen_place{std::move(place), {}});
    if (one.record.where != db::event_view::place::stored)
      continue;
    auto seen = look_at(session, one.record.item.organization, id);
    if (!seen)
      return tl::unexpected(std::move(seen.error()));
    if (*seen)
      one.seen = std::move(**seen);
  }
  return out;
}

/// Where it is, and what that place knows of it.
std::string place_json(const seen_place &place) {
  const auto &one = place.record;
  const auto &item = one.item;
  using where = db::event_view::place;
  const bool is_waiting =
      one.where != where::stored && one.where != where::discarded;
  return "{\"status\":\"" + std::string(db::to_string(one.where)) +
         "\",\"organization_id\":\"" + item.organization.to_string() +
         "\",\"type\":" + json_string(item.type) + ",\"dedup_id\":" +
         (one.dedup_id ? json_string(*one.dedup_id) : "null") +
         ",\"attempts\":" + std::to_string(item.attempts) +
         ",\"last_error\":" + json_string_or_null(item.last_error) +
         ",\"accepted_at\":" + json_time_or_null(item.accepted_at) +
         ",\"due_at\":" +
         (is_waiting ? json_time_or_null(item.due_at) : "null") +
         ",\"claimed_by\":" + json_string_or_null(item.claimed_by) +
         ",\"holder\":" + json_string_or_null(one.holder) +
         ",\"claimed_at\":" + json_time_or_null(item.claimed_at) +
         ",\"stored_at\":" + json_time_or_null(one.stored_at) +
         ",\"discarded_at\":" + json_time_or_null(one.discarded_at) +
         ",\"discarded_by\":" + json_string_or_null(one.discarded_by) +
         ",\"reason\":" + json_string_or_null(one.reason) +
         ",\"payload_bytes\":" + std::to_string(one.payload_bytes) +
         ",\"payload\":" + (one.payload ? json_string(*one.payload) : "null") +
         ",\"deliveries\":" + deliveries_json(place.seen) + '}';
}

std::string record_json(const db::audit_record &record) {
  return "{\"position\":" + std::to_string(record.position) + ",\"at\":\"" +
         db::to_rfc3339(record.at) +
         "\",\"actor\":" + json_string(record.actor) +
         ",\"action\":" + json_string(record.action) +
         ",\"target\":" + json_string_or_null(record.target) +
         ",\"reason\":" + json_string_or_null(record.reason) +
         ",\"detail\":" + json_string_or_null(record.detail) + '}';
}

/// Whether another page may follow.
template <class Entry>
bool is_full(const std::vector<Entry> &page, int limit) {
  return static_cast<int>(page.size()) == limit;
}

} // namespace

std::string item_json(const db::item_view &item) {
  return "{\"id\":\"" + item.id.to_string() + "\",\"organization_id\":\"" +
         item.organization.to_string() +
         "\",\"type\":" + json_string(item.type) + ",\"status\":\"" +
         std::string(db::to_string(item.status)) +
         "\",\"attempts\":" + std::to_string(item.attempts) +
         ",\"last_error\":" + json_string_or_null(item.last_error) +
         ",\"accepted_at\":\"" + db::to_rfc3339(item.accepted_at) +
         "\",\"due_at\":\"" + db::to_rfc3339(item.due_at) +
         "\",\"claimed_by\":" + json_string_or_null(item.claimed_by) +
         ",\"claimed_at\":" +
         (item.claimed_at ? '"' + db::to_rfc3339(*item.claimed_at) + '"'
                          : "null") +
         '}';
}

answer get_queue(service &shared, const request &in) {
  query_reader reader(
      in, {"status", "organization_id", "older_than", "after", "limit"});
  const auto query = read_item_query(reader);
  if (!reader.is_good())
    return tl::unexpected(reader.refusal());
  const auto found = shared.gateway.ask<std::vector<db::item_view>>(
      [query](db::store &session) { return session.list_items(query); });
  if (!found)
    return tl::unexpected(read_failure(found.error()));
  const auto next = is_full(*found, query.limit)
                        ? '"' + found->back().id.to_string() + '"'
                        : "null";
  return json_answer(200, "{\"items\":" + json_list(*found, item_json) +
                              ",\"next_after\":" + next + '}');
}

answer get_item(service &shared, const request &in) {
  query_reader reader(in, {"payload"});
  const auto wanted = reader.find("payload").value_or("false");
  if (wanted != "true" && wanted != "false")
    reader.fault("payload", "has to be true or false");
  if (!reader.is_good())
    return tl::unexpected(reader.refusal());
  const auto id = db::event_id::parse(in.path_values.front());
  if (!id)
    return tl::unexpected(no_such_event());
  const auto found = shared.gateway.ask<std::vector<seen_place>>(
      [id = *id, with_payload = wanted == "true"](db::store &session) {
        return find_everywhere(session, id, with_payload);
      });
  if (!found)
    return tl::unexpected(read_failure(found.error()));
  if (found->empty())
    return tl::unexpected(no_such_event());
  return json_answer(200, "{\"id\":\"" + id->to_string() + "\",\"places\":" +
                              json_list(*found, place_json) + '}');
}

answer get_endpoints_of(service &shared, const request &in) {
  query_reader reader(in, {"organization_id"});
  const auto owner = read_id<db::organization_id>(reader, "organization_id");
  if (reader.is_good() && !owner)
    reader.fault("organization_id", "has to say whose endpoints");
  if (!reader.is_good())
    return tl::unexpected(reader.refusal());
  const auto all = shared.gateway.ask<std::vector<db::endpoint>>(
      [owner = *owner](db::store &session) {
        return session.endpoints(owner);
      });
  if (!all)
    return tl::unexpected(read_failure(all.error()));
  return json_answer(
      200, "{\"endpoints\":" + json_list(*all, [](const db::endpoint &one) {
             return to_json(one);
           }) + '}');
}

answer get_audit(service &shared, const request &in) {
  query_reader reader(in, {"before", "limit"});
  db::audit_query query;
  query.limit = reader.integer("limit", 1, longest_list, usual_list);
  if (reader.find("before"))
    query.before =
        reader.integer("before", 1, std::numeric_limits<int>::max(), 1);
  if (!reader.is_good())
    return tl::unexpected(reader.refusal());
  const auto found = shared.gateway.ask<std::vector<db::audit_record>>(
      [query](db::store &session) { return session.list_audit(query); });
  if (!found)
    return tl::unexpected(read_failure(found.error()));
  const auto next = is_full(*found, query.limit)
                        ? std::to_string(found->back().position)
                        : "null";
  return json_answer(200, "{\"entries\":" + json_list(*found, record_json) +
                              ",\"next_before\":" + next + '}');
}

} // namespace sluice::http
