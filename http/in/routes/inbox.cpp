#include "http/in/routes/inbox.hpp"

#include <utility>

#include "http/in/event_text.hpp"
#include "http/in/refusals.hpp"
#include "http/in/routes/query.hpp"

namespace sluice::http {

namespace {

struct page {
  std::vector<db::inbox_entry> entries;
  bool has_more = false;
};

/// One page, and whether anything follows it. A full page may be the last:
/// then a second look, for one entry, is cheaper than to guess wrongly.
db::result<page> read_page(db::store &session, const db::inbox_query &query) {
  auto entries = session.inbox(query);
  if (!entries)
    return tl::unexpected(entries.error());
  page out{std::move(*entries), false};
  if (static_cast<int>(out.entries.size()) < query.limit)
    return out;
  db::inbox_query next = query;
  next.after = out.entries.back().position;
  next.offset = 0;
  next.limit = 1;
  return session.inbox(next).map(
      [&out](const std::vector<db::inbox_entry> &rest) {
        out.has_more = !rest.empty();
        return std::move(out);
      });
}

std::string page_json(const page &what, const db::inbox_query &query,
                      const std::optional<std::string> &next_cursor) {
  std::string out = "{\"events\":[";
  for (const auto &entry : what.entries) {
    if (&entry != &what.entries.front())
      out += ',';
    out += http::to_json(entry);
  }
  out +=
      "],\"pagination\":{\"limit\":" + std::to_string(query.limit) +
      ",\"offset\":" + std::to_string(query.offset) +
      ",\"count\":" + std::to_string(what.entries.size()) +
      ",\"has_more\":" + (what.has_more ? "true" : "false") +
      ",\"next_cursor\":" + (next_cursor ? json_string(*next_cursor) : "null") +
      "}}";
  return out;
}

tl::expected<db::inbox_query, problem> read_query(service &shared,
                                                  const tenant_call &call) {
  query_reader reader(call.in, {"status", "limit", "cursor", "offset"});
  db::inbox_query out;
  out.organization = call.who.owner.id;
  out.limit = reader.integer("limit", 1, 1000, 50);
  out.offset = reader.integer("offset", 0, 100'000, 0);
  if (const auto status = reader.find("status")) {
    out.status = db::parse_delivery_status(*status);
    if (!out.status)
      reader.fault("status", "has to be pending, sending, delivered, failed, "
                             "dead_letter or skipped");
  }
  if (!reader.is_good())
    return tl::unexpected(reader.refusal());
  if (const auto cursor = reader.find("cursor")) {
    const auto position =
        shared.cursors.open(*cursor, out.organization, out.status);
    if (!position)
      return tl::unexpected(position.error());
    out.after = *position;
  }
  return out;
}

} // namespace

answer get_inbox(service &shared, tenant_call &call) {
  const auto query = read_query(shared, call);
  if (!query)
    return tl::unexpected(query.error());
  const auto found =
      shared.gateway.ask<page>([query = *query](db::store &session) {
        return read_page(session, query);
      });
  if (!found)
    return tl::unexpected(read_failure(found.error()));
  std::optional<std::string> next_cursor;
  if (found->has_more) {
    auto sealed = shared.cursors.seal(
        {query->organization, query->status, found->entries.back().position});
    if (!sealed)
      return tl::unexpected(std::move(sealed.error()));
    next_cursor = std::move(*sealed);
  }
  return json_answer(200, page_json(*found, *query, next_cursor));
}

} // namespace sluice::http
