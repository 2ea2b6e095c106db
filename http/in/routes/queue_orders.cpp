#include "http/in/routes/queue_orders.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "http/in/refusals.hpp"
#include "http/in/routes/inspection.hpp"

namespace sluice::http {

namespace {

constexpr int most_items = 1000;

/// One of the two orders.
struct item_verb {
  db::result<int> (db::store::*call)(const db::item_order &);
  std::string_view done;
  /// Whose items it is about.
  std::vector<db::item_status> takes;
  /// Whether there is work afterwards.
  bool makes_work = false;
};

/// An order as it was read.
struct wanted_items {
  /// The ids that were named, or the filter.
  db::item_query query;
  bool has_filter = false;
  bool is_trial = false;
  order_reason why;
};

bool takes(const item_verb &verb, db::item_status status) {
  return std::ranges::find(verb.takes, status) != verb.takes.end();
}

void read_ids(field_reader &fields, db::item_query &query) {
  const auto texts = fields.strings(fields.find("ids"), most_items);
  for (const auto &text : texts.value_or(std::vector<std::string>())) {
    if (const auto id = db::event_id::parse(text))
      query.only.push_back(*id);
    else
      fields.fault("ids", "has an element that is no event id");
  }
}

void read_status(field_reader &fields, const item_verb &verb,
                 db::item_query &query) {
  if (verb.takes.size() == 1)
    query.status = verb.takes.front();
  const auto text = fields.string(query.status ? fields.find("status")
                                               : fields.require("status"));
  if (!text)
    return;
  const auto status = db::parse_item_status(*text);
  if (status && takes(verb, *status))
    query.status = status;
  else
    fields.fault("status", verb.takes.size() == 1
                               ? "has to be quarantined"
                               : "has to be pending or quarantined");
}

void read_filter(field_reader &fields, const item_verb &verb,
                 db::item_query &query) {
  read_status(fields, verb, query);
  if (const auto text = fields.string(fields.find("organization_id"))) {
    query.organization = db::organization_id::parse(*text);
    if (!query.organization)
      fields.fault("organization_id", "has to be a UUID");
  }
  if (const auto age = fields.integer(fields.find("older_than"), 0,
                                      std::numeric_limits<int>::max()))
    query.accepted_before = db::system_now() - std::chrono::seconds(*age);
  query.limit = static_cast<int>(
      fields.integer(fields.find("limit"), 1, most_items).value_or(most_items));
}

wanted_items read_items(field_reader &fields, const item_verb &verb) {
  wanted_items out;
  out.query.limit = most_items;
  out.is_trial = fields.flag("dry_run");
  out.why = read_reason(fields);
  if (!out.is_trial)
    fields.require("reason");
  for (const auto *name : {"status", "organization_id", "older_than", "limit"})
    out.has_filter = out.has_filter || fields.find(name) != nullptr;
  if (fields.find("ids") != nullptr && out.has_filter)
    fields.fault("ids", "can't be there beside a filter");
  else if (out.has_filter)
    read_filter(fields, verb, out.query);
  else if (fields.require("ids") != nullptr)
    read_ids(fields, out.query);
  return out;
}

/// The items that the order is about now.
db::result<std::vector<db::item_view>> find_items(service &shared,
                                                  const db::item_query &query,
                                                  const item_verb &verb) {
  auto found = shared.gateway.ask<std::vector<db::item_view>>(
      [query](db::store &session) { return session.list_items(query); });
  if (found)
    std::erase_if(*found, [&](const db::item_view &one) {
      return !takes(verb, one.status);
    });
  return found;
}

std::string count_json(const item_verb &verb, std::size_t done,
                       std::size_t asked) {
  return '"' + std::string(verb.done) + "\":" + std::to_string(done) +
         ",\"passed_over\":" + std::to_string(asked - done);
}

std::string has_more_json(bool has_more) {
  return std::string(",\"has_more\":") + (has_more ? "true" : "false");
}

answer carry_out(service &shared, const item_verb &verb, wanted_items wanted) {
  auto ids = wanted.query.only;
  bool has_more = false;
  std::vector<db::item_view> found;
  if (wanted.has_filter || wanted.is_trial) {
    auto items = find_items(shared, wanted.query, verb);
    if (!items)
      return tl::unexpected(store_failure(items.error()));
    found = std::move(*items);
    has_more = wanted.has_filter &&
               static_cast<int>(found.size()) == wanted.query.limit;
  }
  if (wanted.has_filter)
    std::ranges::transform(found, std::back_inserter(ids), &db::item_view::id);
  const auto asked = ids.size();
  if (wanted.is_trial)
    return json_answer(
        200, "{\"dry_run\":true," + count_json(verb, found.size(), asked) +
                 has_more_json(has_more) +
                 ",\"items\":" + json_list(found, item_json) + '}');
  const auto count = shared.gateway.ask<int>(
      [why = std::move(wanted.why), ids = std::move(ids),
       call = verb.call](db::store &session) {
        return (session.*
                call)({.ids = ids, .actor = why.actor, .reason = why.reason});
      });
  if (!count)
    return tl::unexpected(store_failure(count.error()));
  if (verb.makes_work)
    shared.gateway.poll_now();
  return json_answer(
      200, '{' + count_json(verb, static_cast<std::size_t>(*count), asked) +
               has_more_json(has_more) + '}');
}

answer order_items(service &shared, const request &in, const item_verb &verb) {
  return read_order(in,
                    {"ids", "status", "organization_id", "older_than", "limit",
                     "dry_run", "actor", "reason"},
                    [&](field_reader &fields) -> answer {
                      auto wanted = read_items(fields, verb);
                      if (!fields.is_good())
                        return tl::unexpected(fields.refusal());
                      return carry_out(shared, verb, std::move(wanted));
                    });
}

} // namespace

answer post_requeue(service &shared, const request &in) {
  return order_items(shared, in,
                     {.call = &db::store::requeue,
                      .done = "requeued",
                      .takes = {db::item_status::quarantined},
                      .makes_work = true});
}

answer post_discard(service &shared, const request &in) {
  return order_items(
      shared, in,
      {.call = &db::store::discard,
       .done = "discarded",
       .takes = {db::item_status::pending, db::item_status::quarantined}});
}

} // namespace sluice::http
