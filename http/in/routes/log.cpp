#include "http/in/routes/log.hpp"

#include <utility>

#include "http/in/event_body.hpp"
#include "http/in/event_text.hpp"
#include "http/in/refusals.hpp"
#include "http/in/rfc3339.hpp"
#include "http/in/routes/endpoint_fields.hpp"
#include "http/in/routes/query.hpp"

namespace sluice::http {

namespace {

/// For what a place of the log is sealed: also for which filter.
std::string use_of(const query_reader &reader) {
  std::string out = "events";
  for (const auto *name : {"type", "since"})
    if (const auto value = reader.find(name)) {
      out += '\n';
      out += name;
      out += '=';
      out += *value;
    }
  return out;
}

std::optional<db::timestamp> read_since(query_reader &reader) {
  const auto text = reader.find("since");
  if (!text)
    return std::nullopt;
  const auto since = parse_rfc3339(*text);
  if (!since)
    reader.fault("since", "has to be a time like 2026-01-31T12:00:00Z");
  return since;
}

std::string page_json(const db::log_page &page, int limit,
                      const std::optional<std::string> &next) {
  return "{\"events\":" +
         json_list(
             page.events,
             [](const db::log_entry &one) { return http::to_json(one); }) +
         ",\"pagination\":{\"limit\":" + std::to_string(limit) +
         ",\"count\":" + std::to_string(page.events.size()) +
         ",\"has_more\":" + (next ? "true" : "false") +
         ",\"next_cursor\":" + (next ? json_string(*next) : "null") + "}}";
}

/// Where a stream begins, and what it passes over.
tl::expected<void, problem>
begin_stream(service &shared, const tenant_call &call, stream_order &order) {
  query_reader reader(call.in, {"since"});
  order.since = read_since(reader);
  if (!reader.is_good())
    return tl::unexpected(reader.refusal());
  // A reader that lost its connection comes back to the same address.
  const auto last = call.in.header("last-event-id");
  if (last && !last->empty()) {
    const auto place = shared.cursors.open(*last, order.organization, "stream");
    if (!place)
      return tl::unexpected(place.error());
    order.from = *place;
    return {};
  }
  if (order.since)
    return {};
  const auto end = shared.gateway.ask<db::log_page>(
      [owner = order.organization](db::store &session) {
        return session.read_log({.organization = owner, .limit = 0});
      });
  if (!end)
    return tl::unexpected(read_failure(end.error()));
  order.from = end->reached;
  return {};
}

} // namespace

answer get_events(service &shared, tenant_call &call) {
  query_reader reader(call.in, {"type", "since", "cursor", "limit"});
  db::log_query query;
  query.organization = call.who.owner.id;
  query.newest_first = true;
  query.limit = reader.integer("limit", 1, 1000, 50);
  query.since = read_since(reader);
  if (const auto type = reader.find("type")) {
    query.type = std::string(*type);
    if (!is_type_pattern(*type))
      reader.fault("type", "has to be 1 to 255 of A-Z a-z 0-9 _ . : / -, and "
                           "may end with .*");
  }
  if (!reader.is_good())
    return tl::unexpected(reader.refusal());
  const auto use = use_of(reader);
  if (const auto cursor = reader.find("cursor")) {
    const auto place = shared.cursors.open(*cursor, query.organization, use);
    if (!place)
      return tl::unexpected(place.error());
    query.from = *place;
  }
  const auto page = shared.gateway.ask<db::log_page>(
      [query](db::store &session) { return session.read_log(query); });
  if (!page)
    return tl::unexpected(read_failure(page.error()));
  std::optional<std::string> next;
  if (page->has_more) {
    auto sealed = shared.cursors.seal(page->reached, query.organization, use);
    if (!sealed)
      return tl::unexpected(std::move(sealed.error()));
    next = std::move(*sealed);
  }
  return json_answer(200, page_json(*page, query.limit, next));
}

answer get_stream(service &shared, tenant_call &call) {
  const auto key = shown_hash(call.in);
  if (!key)
    return tl::unexpected(key.error());
  stream_order order{.organization = call.who.owner.id, .key = *key};
  if (auto begun = begin_stream(shared, call, order); !begun)
    return tl::unexpected(std::move(begun.error()));
  response out;
  out.content_type = "text/event-stream";
  out.headers.emplace_back("Cache-Control", "no-store");
  // A proxy that gathers answers would keep events back.
  out.headers.emplace_back("X-Accel-Buffering", "no");
  auto place = shared.cursors.seal(order.from, order.organization, "stream");
  if (!place)
    return tl::unexpected(std::move(place.error()));
  // Known from the start, so that who is cut off before the first event goes
  // on where it began.
  out.body = "retry: 1000\nid: " + *place + "\n\n";
  // A look at the headers needs no stream.
  if (call.in.method == "HEAD")
    return out;
  auto source = shared.streams.open(order);
  if (!source)
    return tl::unexpected(std::move(source.error()));
  out.source = std::move(*source);
  return out;
}

} // namespace sluice::http
